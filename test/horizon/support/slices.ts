import type { KnownSeries } from "../../../services/horizon/known-series.ts";
import { SampleGroups, type SeriesSamples } from "../../../services/horizon/sample-groups.ts";
import { SeriesTable } from "../../../services/horizon/series-table.ts";
import type { Slice } from "../../../services/horizon/slice.ts";

/** The samples of a group, as time and bits. */
export function samplesOf(
  { timestampsMs, valueBits }: Slice,
  { first, count }: Pick<SeriesSamples, "first" | "count">,
): [timestampMs: number, bits: bigint][] {
  return Array.from({ length: count }, (_, i) => [timestampsMs[first + i] ?? 0, valueBits[first + i] ?? 0n]);
}

export interface GroupSpec {
  readonly series: KnownSeries;
  readonly tenant?: string;
  /** Timestamp in ms, and the value's 64 bits. */
  readonly samples: readonly (readonly [number, bigint])[];
}

/** A slice with these samples in these groups; those of a group are put in order of time. */
export function sliceOf(specs: readonly GroupSpec[]): Slice {
  const table = new SeriesTable();
  const samples = specs.flatMap((spec) => spec.samples.toSorted(([a], [b]) => a - b));
  const starts = [0];
  for (const { samples: own } of specs) {
    starts.push((starts.at(-1) ?? 0) + own.length);
  }
  return {
    timestampsMs: Float64Array.from(samples.map(([timestampMs]) => timestampMs)),
    valueBits: BigUint64Array.from(samples.map(([, bits]) => bits)),
    groups: new SampleGroups({
      table,
      numbers: Int32Array.from(specs, ({ series }) => table.adopt(series)),
      starts: Int32Array.from(starts),
      ownerNumbers: Int32Array.from(specs.keys()),
      owners: specs.map(({ tenant = "t1" }) => ({ tenant, namespace: "ns" })),
    }),
    claimed: new Map(),
    skipped: new Map(),
  };
}

/** A slice with columns of its own: those of one that a sink is given are another's afterwards. */
export function copyOfSlice({ timestampsMs, valueBits, groups, ...counts }: Slice): Slice {
  const { table, numbers, starts, ownerNumbers, owners } = groups;
  const columns = { numbers: numbers.slice(), starts: starts.slice(), ownerNumbers: ownerNumbers.slice() };
  return {
    ...counts,
    timestampsMs: timestampsMs.slice(),
    valueBits: valueBits.slice(),
    groups: new SampleGroups({ table, owners, ...columns }),
  };
}
