import { explainSeries, type KeptFate, type SeriesFate, sentName } from "../flux/intake/explain-series.ts";
import type { AppliedLabelRule, AppliedRule } from "../flux/intake/rules.ts";
import { storedLabels } from "../flux/intake/stored-name.ts";
import type { TakenRequest } from "../flux/request-explanation.ts";
import type { SavedFromSkip, SkipEntry, SkipLists, SkipOwner } from "../horizon/skip-lists.ts";

/** What becomes of a series, on its whole way. */
export interface CheckedSeries {
  /** `skip`: Flux takes it, Horizon skips it. */
  readonly verdict: "keep" | "skip" | "drop";
  /** As it was sent. */
  readonly sent: string;
  /** As it is stored, or would be. */
  readonly name: string;
  readonly samples: number;
  readonly dropped_labels: readonly {
    readonly name: string;
    readonly value: string;
    readonly rule: AppliedLabelRule;
  }[];
  /** Why it is dropped. */
  readonly rule?: AppliedRule;
  /** Why it is not dropped although a rule says so. */
  readonly saved?: NonNullable<KeptFate["saved"]>;
  /** The name as sent of the series that it becomes the same as. */
  readonly merged_with?: string;
  /** The entry of Horizon's lists that skips it. */
  readonly skipped_by?: SkipEntry;
  /** Why it is not skipped although an entry says so. */
  readonly saved_from_skip?: SavedFromSkip;
}

/** A series, or a part of the input, that cannot be taken. */
export interface RefusedInput {
  readonly verdict: "refuse";
  /** Where in the input, for what cannot be read; else the series as it was sent, where that is readable. */
  readonly where?: string;
  readonly sent?: string;
  readonly reason: string;
  readonly detail: string;
}

/** Everything about a list of series or a captured request. */
export interface RuleCheck {
  readonly series: readonly CheckedSeries[];
  readonly refused: readonly RefusedInput[];
  readonly summary: Readonly<Record<"kept" | "merged" | "skipped" | "dropped" | "refused", number>>;
}

/**
 * Says of every series what Flux and then Horizon do with it, and by which rules. Pure.
 * @param owner whose the series are, for the skip lists.
 */
export function checkRules(taken: TakenRequest, skipLists: SkipLists, owner: SkipOwner): RuleCheck {
  const { payload, stream, codec } = taken;
  const series = [...explainSeries(payload.request, stream, codec)].map((fate) => checkOne(fate, skipLists, owner));
  const refused = refusedInput(taken);
  const count = (verdict: CheckedSeries["verdict"]) => series.filter((one) => one.verdict === verdict).length;
  return {
    series,
    refused,
    summary: {
      kept: count("keep"),
      merged: series.filter((one) => one.merged_with !== undefined).length,
      skipped: count("skip"),
      dropped: count("drop"),
      refused: refused.length,
    },
  };
}

function checkOne(fate: SeriesFate, skipLists: SkipLists, owner: SkipOwner): CheckedSeries {
  const { sent, name, samples } = fate;
  const dropped_labels = fate.droppedLabels.map(({ label, rule }) => ({ ...label, rule }));
  const common = { sent, name, samples, dropped_labels };
  if (fate.kind === "drop") {
    return { verdict: "drop", ...common, rule: fate.rule };
  }
  const skip = skipLists.explain(storedLabels(fate.record), owner);
  return {
    verdict: skip.skip ? "skip" : "keep",
    ...common,
    ...(fate.saved && { saved: fate.saved }),
    ...(fate.mergedWith !== undefined && { merged_with: fate.mergedWith }),
    ...(skip.skip && { skipped_by: skip.by }),
    ...(!skip.skip && skip.saved && { saved_from_skip: skip.saved }),
  };
}

function refusedInput({ payload, intake, stream, codec }: TakenRequest): RefusedInput[] {
  const unreadable = payload.invalid.map(({ where, detail }): RefusedInput => {
    return { verdict: "refuse", where, reason: "unreadable", detail };
  });
  const refused = intake.refusals.map(({ series, reason, detail }): RefusedInput => {
    const sent = sentName(payload.request.series.at(series), stream.stream, codec);
    return { verdict: "refuse", ...(sent !== undefined && { sent }), reason, detail };
  });
  return [...unreadable, ...refused];
}
