import type { Codec } from "../kernel/codec.ts";
import { describeValue } from "../shared/value-text.ts";
import { type ExampleBudget, Examples, exampleBudget } from "./examples.ts";
import type { Payload } from "./formats/payload.ts";
import { explainSeries, type KeptFate, type SeriesFate, sentName } from "./intake/explain-series.ts";
import type { Intake, KeptSamples } from "./intake/intake.ts";
import type { AppliedLabelRule, AppliedRule } from "./intake/rules.ts";
import type { StreamSeries } from "./intake/series-table.ts";
import { storedName } from "./intake/stored-name.ts";
import { RuleCounts } from "./rule-counts.ts";

/** Of a refused series, which may have any length, this much of the name is shown. */
const MAX_REFUSED_NAME_CHARACTERS = 200;

/** A request that was taken in to see what would become of it. */
export interface TakenRequest {
  readonly payload: Payload;
  readonly intake: Intake;
  /** Where `takeIn` left its verdicts; it has seen nothing but this request. */
  readonly stream: StreamSeries;
  readonly codec: Codec;
}

/** The part of a test's report that names rules and series. @param maxExamples of each kind. */
export function explainRequest({ payload, intake, stream, codec }: TakenRequest, maxExamples: number) {
  const budget = exampleBudget();
  const fates = new FateSummary(maxExamples, budget);
  for (const fate of explainSeries(payload.request, stream, codec)) {
    fates.add(fate);
  }
  const kept = keptExamples(intake.kept, fates.saved, new Examples(maxExamples, budget));
  const refused = refusedExamples({ payload, intake, stream, codec }, new Examples(maxExamples, budget));
  return {
    dropped_by_rule: fates.droppedByRule.list,
    dropped_labels: fates.droppedLabels.list,
    metrics: kept.map(({ name }) => name),
    dropped: fates.dropped.list.map(({ name }) => name),
    examples: { kept, dropped: fates.dropped.list, refused, merged: fates.merged.list },
  };
}

/** What the label sets of a request come to, rule by rule, and examples of them. */
class FateSummary {
  readonly droppedByRule = new RuleCounts<AppliedRule>();
  readonly droppedLabels = new RuleCounts<AppliedLabelRule>();
  readonly dropped: Examples<{ name: string; samples: number; rule: AppliedRule }>;
  readonly merged: Examples<{ stored_as: string; first: string; other: string }>;
  readonly saved = new Map<number, KeptFate["saved"]>();

  constructor(maxExamples: number, budget: ExampleBudget) {
    this.dropped = new Examples(maxExamples, budget);
    this.merged = new Examples(maxExamples, budget);
  }

  add(fate: SeriesFate): void {
    const { name, samples } = fate;
    for (const { rule } of fate.droppedLabels) {
      this.droppedLabels.add(rule, samples);
    }
    if (fate.kind === "drop") {
      this.droppedByRule.add(fate.rule, samples);
      this.dropped.add(() => ({ name, samples, rule: fate.rule }));
      return;
    }
    if (fate.saved) {
      this.saved.set(fate.series, fate.saved);
    }
    const { mergedWith } = fate;
    if (mergedWith !== undefined) {
      this.merged.add(() => ({ stored_as: name, first: mergedWith, other: fate.sent }));
    }
  }
}

interface KeptExample {
  readonly name: string;
  readonly samples: number;
  /** Of its first sample. */
  readonly timestamp_ms: number;
  readonly time: string;
  readonly value: string;
  readonly value_kind: string;
  readonly saved?: KeptFate["saved"];
}

/** Series as they would be stored, from the very samples that would go into the buffer. */
function keptExamples(
  { series, known, timestampsMs, valueBits }: KeptSamples,
  saved: ReadonlyMap<number, KeptFate["saved"]>,
  examples: Examples<KeptExample>,
): KeptExample[] {
  for (const [one, { first, samples }] of samplesBySeries(series)) {
    const timestampMs = timestampsMs[first] ?? 0;
    const { text, kind } = describeValue(valueBits[first] ?? 0n);
    const by = saved.get(one);
    examples.add(() => ({
      name: storedName(known.recordOf(one)),
      samples,
      timestamp_ms: timestampMs,
      time: new Date(timestampMs).toISOString(),
      value: text,
      value_kind: kind,
      ...(by && { saved: by }),
    }));
  }
  return examples.list;
}

function samplesBySeries(series: Uint32Array): Map<number, { first: number; samples: number }> {
  const counts = new Map<number, { first: number; samples: number }>();
  for (const [i, one] of series.entries()) {
    const counted = counts.get(one);
    if (counted) {
      counted.samples++;
    } else {
      counts.set(one, { first: i, samples: 1 });
    }
  }
  return counts;
}

interface RefusedExample {
  /** Of a part that could not be read: `line 3`, `metrics[2]`. */
  readonly where?: string;
  /** Of a series that has a name that could be stored, cut. */
  readonly name?: string;
  readonly reason: string;
  readonly detail: string;
}

function refusedExamples(
  { payload, intake, stream, codec }: TakenRequest,
  examples: Examples<RefusedExample>,
): RefusedExample[] {
  for (const { where, detail } of payload.invalid) {
    examples.add(() => ({ where, reason: "unreadable", detail }));
  }
  for (const { series, reason, detail } of intake.refusals) {
    examples.add(() => {
      const name = sentName(payload.request.series.at(series), stream.stream, codec);
      return { ...(name !== undefined && { name: name.slice(0, MAX_REFUSED_NAME_CHARACTERS) }), reason, detail };
    });
  }
  return examples.list;
}
