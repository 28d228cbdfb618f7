import type { KnownSeries } from "../../../services/horizon/known-series.ts";
import type { SeriesSamples, Slice } from "../../../services/horizon/slice.ts";

/** The samples of a group, as time and bits. */
export function samplesOf(
  { timestampsMs, valueBits }: Slice,
  { first, count }: SeriesSamples,
): [timestampMs: number, bits: bigint][] {
  return Array.from({ length: count }, (_, i) => [timestampsMs[first + i] ?? 0, valueBits[first + i] ?? 0n]);
}

export interface GroupSpec {
  readonly series: KnownSeries;
  readonly tenant?: string;
  /** Timestamp in ms, and the value's 64 bits. */
  readonly samples: readonly (readonly [number, bigint])[];
}

/** A slice with these samples in these groups; those of a group in order of time. */
export function sliceOf(specs: readonly GroupSpec[]): Slice {
  const samples = specs.flatMap((spec) => spec.samples);
  const groups: SeriesSamples[] = [];
  let start = 0;
  for (const { series, tenant = "t1", samples: own } of specs) {
    groups.push({ series, tenant, namespace: "ns", first: start, count: own.length });
    start += own.length;
  }
  return {
    timestampsMs: Float64Array.from(samples.map(([timestampMs]) => timestampMs)),
    valueBits: BigUint64Array.from(samples.map(([, bits]) => bits)),
    groups,
    claimed: new Map(),
    skipped: new Map(),
  };
}
