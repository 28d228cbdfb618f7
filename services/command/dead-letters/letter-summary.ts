import type { DeadLetter } from "../../horizon/dead-letters.ts";
import { decodeBlock } from "../../shared/block.ts";
import { formatSeriesName } from "../../shared/series.ts";
import { printable } from "../printable.ts";
import { isoTime } from "../sample-text.ts";
import { formatLetterId, type LetterId } from "./letter-id.ts";

/** A dead letter as it stands in Redis. */
export interface StoredLetter {
  readonly id: LetterId;
  readonly letter: DeadLetter;
}

/** A dead letter in one line. */
export interface LetterSummary {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at_ms: number;
  readonly time: string;
  /** Null where it is not known, as all that may be null. */
  readonly tenant: string | null;
  readonly server: string | null;
  readonly reason: string;
  /** Null for a block: it is for all sinks. */
  readonly sink: string | null;
  readonly samples: number | null;
  readonly series: string | null;
  /** What the store said, or what is wrong with the block. */
  readonly detail: string;
  readonly bytes: number;
}

/** Says in short what a letter is. */
export function summarize({ id, letter }: StoredLetter): LetterSummary {
  const { atMs, tenant, server, reason, bytes } = letter;
  return {
    ...{ id: formatLetterId(id), at_ms: atMs, time: isoTime(atMs), tenant: tenant || null, server: server || null },
    ...{ reason, sink: letter.kind === "samples" ? letter.sink : null, samples: samplesOf(letter) ?? null },
    ...{ series: letter.kind === "samples" ? formatSeriesName(letter.labels) : null, detail: detailOf(letter), bytes },
  };
}

/** How many samples a letter holds; undefined where that cannot be told. */
export function samplesOf(letter: DeadLetter): number | undefined {
  switch (letter.kind) {
    case "samples":
      return letter.samples.length;
    case "block": {
      const decoded = decodeBlock(letter.block);
      return decoded.ok ? decoded.block.samples.ids.length : undefined;
    }
    case "strange":
      return undefined;
  }
}

function detailOf(letter: DeadLetter): string {
  if (letter.kind !== "block") {
    return letter.detail;
  }
  const decoded = decodeBlock(letter.block);
  return `block of ${letter.block.length} bytes${decoded.ok ? "" : `: ${decoded.detail}`}`;
}

const SERIES_WIDTH = 80;
const DETAIL_WIDTH = 60;

/** The columns of a letter's line: id, time, tenant, reason, sink, samples, series, the first words of the store. */
export function summaryRow(summary: LetterSummary): string[] {
  const { id, time, tenant, reason, sink, samples, series, detail } = summary;
  const cells = [id, time, tenant, reason, sink, samples, cut(series, SERIES_WIDTH), cut(detail, DETAIL_WIDTH)];
  return cells.map((cell) => printable(String(cell ?? "-")));
}

function cut(text: string | null, width: number): string | null {
  return text !== null && text.length > width ? `${text.slice(0, width - 1)}…` : text;
}
