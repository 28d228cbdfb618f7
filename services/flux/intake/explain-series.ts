import type { Codec, DecodedWriteRequest, RawSeries } from "../../kernel/codec.ts";
import { formatSeriesName, type Label } from "../../shared/series.ts";
import type { AppliedLabelRule, AppliedRule, Decision, Rules } from "./rules.ts";
import type { StreamSeries } from "./series-table.ts";
import { nameSeries, type Stream } from "./stream.ts";
import { UNKNOWN } from "./verdicts.ts";

/** A label that is taken away, and the rule that says so. */
export interface DroppedLabel {
  readonly label: Label;
  readonly rule: AppliedLabelRule;
}

interface NamedFate {
  /** Where the first series with these labels stands in the request. */
  readonly position: number;
  /** All samples that the request holds under these labels. */
  readonly samples: number;
  /** The name that was sent, without what Flux always discards. */
  readonly sent: string;
  /** The name under which rules are tried and samples are stored. */
  readonly name: string;
  readonly droppedLabels: readonly DroppedLabel[];
}

/** A label set that is kept. `saved`: only because of a rule. `mergedWith`: the name, as sent, that was there before. */
export interface KeptFate extends NamedFate {
  readonly kind: "keep";
  /** Its number in the half that its stream's verdicts are in, and what the registry would hold of it. */
  readonly series: number;
  readonly record: Buffer;
  readonly saved: Extract<Decision, { keep: true }>["saved"];
  readonly mergedWith: string | undefined;
}

/** A label set that a rule drops. */
export interface DroppedFate extends NamedFate {
  readonly kind: "drop";
  readonly rule: AppliedRule;
}

export type SeriesFate = KeptFate | DroppedFate;

/**
 * Tells, for every different label set of a request in its order, what became of it and which rules had a hand in it.
 * Those that were refused are left out: `Intake.refusals` says why. Decides nothing itself; it reads the verdicts that
 * `takeIn` left in the stream, and asks the stream's rules which of them it was.
 * @param stream one that has seen nothing but this request (`scratchStream`), so that merges are those of the request.
 */
export function* explainSeries(
  request: DecodedWriteRequest,
  stream: StreamSeries,
  codec: Codec,
): Generator<SeriesFate, void, undefined> {
  const firstOf = new Map<number, RawSeries>();
  const { rules } = stream.stream;
  rules.budget?.begin();
  for (const { raw, position, samples } of differentSeries(request)) {
    const { code } = stream.recall(raw);
    const verdict = code === UNKNOWN ? undefined : stream.verdicts.verdictOf(code);
    const named = nameSeries(raw.rawLabels, stream.stream, codec);
    if (named.kind !== "named" || (verdict?.kind !== "keep" && verdict?.kind !== "drop")) {
      continue;
    }
    const fate: NamedFate = {
      position,
      samples,
      sent: formatSeriesName(named.sent),
      name: formatSeriesName(named.labels),
      droppedLabels: droppedLabels(named.sent, rules),
    };
    const decision = rules.decide(named.labels);
    if (!decision.keep) {
      yield { ...fate, kind: "drop", rule: decision.rule };
    } else if (verdict.kind === "keep") {
      const { series, merged } = verdict;
      const mergedWith = merged ? sentName(firstOf.get(series), stream.stream, codec) : undefined;
      firstOf.set(series, firstOf.get(series) ?? raw);
      const record = stream.verdicts.known.recordOf(series);
      yield { ...fate, kind: "keep", series, record, saved: decision.saved, mergedWith };
    }
  }
}

/** The name of a series as it was sent, or undefined where it has none that could be stored. */
export function sentName(raw: RawSeries | undefined, stream: Stream, codec: Codec): string | undefined {
  const named = raw && nameSeries(raw.rawLabels, stream, codec);
  return named?.kind === "named" ? formatSeriesName(named.sent) : undefined;
}

interface DifferentSeries {
  readonly raw: RawSeries;
  readonly position: number;
  samples: number;
}

/** A text format brings a series once for each of its samples. */
function differentSeries({ series }: DecodedWriteRequest): Iterable<DifferentSeries> {
  const different = new Map<string, DifferentSeries>();
  for (const [position, raw] of series.entries()) {
    const known = different.get(raw.rawLabels);
    const samples = raw.sampleCount + raw.histogramCount;
    if (known) {
      known.samples += samples;
    } else {
      different.set(raw.rawLabels, { raw, position, samples });
    }
  }
  return different.values();
}

function droppedLabels(labels: readonly Label[], rules: Rules): DroppedLabel[] {
  return labels.flatMap((label) => {
    const rule = rules.labelRule(label);
    return rule ? [{ label, rule }] : [];
  });
}
