import { decodeBlock } from "../../shared/block.ts";
import { formatSeriesId, formatSeriesName } from "../../shared/series.ts";
import { describeValue } from "../../shared/value-text.ts";
import { blockText, type NameOf } from "../block-text.ts";
import { printable } from "../printable.ts";
import { isoTime, sampleText } from "../sample-text.ts";
import { type LetterSummary, type StoredLetter, summarize } from "./letter-summary.ts";
import { plural } from "./letter-tally.ts";
import type { PlannedReplay } from "./replay-plan.ts";

/** Everything that a dead letter says, line by line. @param nameOf finds the names of a block's series. */
export function* letterText(
  stored: StoredLetter,
  nameOf: NameOf,
  plan: PlannedReplay,
): Generator<string, void, undefined> {
  const { letter } = stored;
  const { id, time, tenant, server, reason, bytes } = summarize(stored);
  yield `dead letter ${id}`;
  yield* fields({ time, reason, tenant, server, bytes: String(bytes) });
  switch (letter.kind) {
    case "samples":
      yield* fields({
        ...{ namespace: letter.namespace, sink: letter.sink, "the store": letter.detail },
        ...{ series: formatSeriesName(letter.labels), "series id": formatSeriesId(letter.seriesId) },
      });
      yield `  ${plural(letter.samples.length, "sample")}`;
      for (const { timestampMs, bits } of letter.samples) {
        yield `    ${sampleText(timestampMs, bits)}`;
      }
      break;
    case "block": {
      const read = { bytes: letter.block, ...decodeBlock(letter.block) };
      for (const line of blockText(read, nameOf, Number.POSITIVE_INFINITY)) {
        yield `  ${line}`;
      }
      break;
    }
    case "strange":
      yield* fields({ "not read": letter.detail });
  }
  yield plan.ok
    ? `  replay would put ${plural(plan.samples, "sample")} back`
    : `  replay cannot put it back: ${printable(plan.why)}`;
}

const NAME_WIDTH = 10;

function* fields(values: Readonly<Record<string, string | null>>): Generator<string, void, undefined> {
  for (const [name, value] of Object.entries(values)) {
    yield `  ${name.padEnd(NAME_WIDTH)}${printable(value || "-")}`;
  }
}

/** A dead letter as JSON has it: its summary, and of refused samples all. */
export type LetterJson = LetterSummary & {
  readonly namespace?: string;
  readonly series_id?: string;
  /** Bits are hexadecimal: a NaN has no other exact form. */
  readonly values?: readonly { timestamp_ms: number; time: string; value: string; bits: string }[];
  readonly block_base64?: string;
  /** Why it cannot be replayed; left out where it can. */
  readonly cannot_replay?: string;
};

/** Everything that a dead letter says, for programs. */
export function letterJson(stored: StoredLetter, plan: PlannedReplay): LetterJson {
  const { letter } = stored;
  return {
    ...summarize(stored),
    ...(letter.kind === "samples" && {
      namespace: letter.namespace,
      series_id: formatSeriesId(letter.seriesId),
      values: letter.samples.map(({ timestampMs, bits }) => ({
        ...{ timestamp_ms: timestampMs, time: isoTime(timestampMs) },
        ...{ value: describeValue(bits).text, bits: formatSeriesId(bits) },
      })),
    }),
    ...(letter.kind === "block" && { block_base64: letter.block.toString("base64") }),
    ...(!plan.ok && { cannot_replay: plan.why }),
  };
}
