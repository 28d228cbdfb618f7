import type { BlockOwner, SampleColumns } from "../shared/block.ts";
import type { KnownSeries } from "./known-series.ts";
import type { SkipLists } from "./skip-lists.ts";

/** A block whose series are all known: `series[i]` is the series of sample i. */
export interface ResolvedBlock {
  readonly owner: BlockOwner;
  readonly samples: SampleColumns;
  readonly series: readonly KnownSeries[];
}

/** The samples of one series within a slice, or some of them. */
export interface SeriesSamples {
  readonly series: KnownSeries;
  readonly tenant: string;
  /** Under which they were sent; the first, in the rare case that there are two. */
  readonly namespace: string;
  /** Where its samples stand in the columns of the slice. */
  readonly positions: readonly number[];
}

/** As many samples as are held in memory at once, grouped by series, after the skip lists. */
export interface Slice {
  /** Milliseconds since 1970. */
  readonly timestampsMs: Float64Array;
  /** The 64 bits of each value. */
  readonly valueBits: BigUint64Array;
  readonly groups: readonly SeriesSamples[];
  /** Samples per tenant, those of skipped series included. */
  readonly claimed: ReadonlyMap<string, number>;
  /** Samples that the skip lists leave out of `groups`: per tenant, and by the entry that does it. */
  readonly skipped: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** Puts the samples of several blocks together, series by series, without those of skipped series. */
export function buildSlice(blocks: readonly ResolvedBlock[], lists: Pick<SkipLists, "skippedBy">): Slice {
  const count = blocks.reduce((sum, { series }) => sum + series.length, 0);
  const timestampsMs = new Float64Array(count);
  const valueBits = new BigUint64Array(count);
  const groups = new Map<KnownSeries, SeriesSamples & { positions: number[] }>();
  const claimed = new Map<string, number>();
  const skipped = new Map<string, Map<string, number>>();
  let start = 0;
  for (const { owner, samples, series } of blocks) {
    timestampsMs.set(samples.timestampsMs, start);
    valueBits.set(samples.valueBits, start);
    for (const [i, one] of series.entries()) {
      const entry = lists.skippedBy(one, owner);
      if (entry !== undefined) {
        increase(countsOf(skipped, owner.tenant), entry, 1);
        continue;
      }
      const group = groups.get(one);
      if (group) {
        group.positions.push(start + i);
      } else {
        groups.set(one, { series: one, tenant: owner.tenant, namespace: owner.namespace, positions: [start + i] });
      }
    }
    increase(claimed, owner.tenant, series.length);
    start += series.length;
  }
  return { timestampsMs, valueBits, groups: [...groups.values()], claimed, skipped };
}

function countsOf(counts: Map<string, Map<string, number>>, tenant: string): Map<string, number> {
  const own = counts.get(tenant) ?? new Map<string, number>();
  counts.set(tenant, own);
  return own;
}

function increase(counts: Map<string, number>, name: string, samples: number): void {
  counts.set(name, (counts.get(name) ?? 0) + samples);
}
