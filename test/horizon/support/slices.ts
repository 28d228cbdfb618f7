import type { KnownSeries } from "../../../services/horizon/known-series.ts";
import type { SeriesSamples, Slice } from "../../../services/horizon/slice.ts";

export interface GroupSpec {
  readonly series: KnownSeries;
  readonly tenant?: string;
  /** Timestamp in ms, and the value's 64 bits. */
  readonly samples: readonly (readonly [number, bigint])[];
}

/** A slice with these samples in these groups. */
export function sliceOf(specs: readonly GroupSpec[]): Slice {
  const samples = specs.flatMap((spec) => spec.samples);
  const groups: SeriesSamples[] = [];
  let start = 0;
  for (const { series, tenant = "t1", samples: own } of specs) {
    const first = start;
    groups.push({ series, tenant, namespace: "ns", positions: own.map((_, i) => first + i) });
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
