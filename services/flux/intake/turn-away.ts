import type { Intake, KeptSamples, SeriesRefused } from "./intake.ts";
import { storedName } from "./stored-name.ts";

/** Series of a request for which there was no place, by their numbers in `KeptSamples.known`. */
export interface TurnedAway {
  /** Over the quota of the namespace: the operator wants them dropped. */
  readonly overQuota: ReadonlySet<number>;
  /** Over the limit of active series: the sender is to be told. */
  readonly overLimit: ReadonlySet<number>;
  /** Active series of the tenant; undefined where its limit was not asked. */
  readonly activeSeries: number | undefined;
  readonly maxActiveSeries: number;
}

const LONGEST_NAME = 200;

/** The samples of all series but those turned away; the same object where none was. Pure. */
export function keptWithout(kept: KeptSamples, turnedAway: TurnedAway): KeptSamples {
  if (turnedAway.overQuota.size + turnedAway.overLimit.size === 0) {
    return kept;
  }
  const stays = staying(kept, turnedAway);
  return {
    series: kept.series.filter(stays),
    known: kept.known,
    timestampsMs: kept.timestampsMs.filter(stays),
    valueBits: kept.valueBits.filter(stays),
  };
}

/** What a request comes to when series of it were turned away; its sums stay exact. Pure. */
export function turnAway(intake: Intake, turnedAway: TurnedAway): Intake {
  const { kept, keptPositions, dropped, refused, refusals } = intake;
  const { overQuota, overLimit } = turnedAway;
  if (overQuota.size + overLimit.size === 0) {
    return intake;
  }
  return {
    ...intake,
    kept: keptWithout(kept, turnedAway),
    keptPositions: keptPositions.filter(staying(kept, turnedAway)),
    dropped: withCount(dropped, "over_quota", samplesOf(overQuota, kept)),
    refused: withCount(refused, "series_limit", samplesOf(overLimit, kept)),
    refusals: [...refusals, ...limitRefusals(intake, turnedAway)].sort((a, b) => a.series - b.series),
  };
}

function staying({ series }: KeptSamples, { overQuota, overLimit }: TurnedAway): (_: unknown, i: number) => boolean {
  return (_, i) => !overQuota.has(series[i] ?? 0) && !overLimit.has(series[i] ?? 0);
}

function samplesOf(turnedAway: ReadonlySet<number>, { series }: KeptSamples): number {
  return series.filter((one) => turnedAway.has(one)).length;
}

function withCount<Reason>(counts: ReadonlyMap<Reason, number>, reason: Reason, samples: number): Map<Reason, number> {
  return new Map(samples === 0 ? counts : [...counts, [reason, samples]]);
}

function limitRefusals({ kept, keptPositions }: Intake, turnedAway: TurnedAway): SeriesRefused[] {
  const positions = new Set(keptPositions.filter((_, i) => turnedAway.overLimit.has(kept.series[i] ?? 0)));
  const detail = describeLimit(kept, turnedAway);
  return [...positions].map((series) => ({ series, reason: "series_limit", detail }));
}

function describeLimit({ known }: KeptSamples, { overLimit, activeSeries, maxActiveSeries }: TurnedAway): string {
  const [first] = overLimit;
  const name = first === undefined ? "" : storedName(known.recordOf(first));
  const shown = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
  const limit = `at most ${maxActiveSeries} (FLUX_MAX_ACTIVE_SERIES or maxActiveSeries) are taken`;
  return `the tenant has ${activeSeries} active series, ${limit}; ${overLimit.size} of the request are new beyond, the first: ${shown}`;
}
