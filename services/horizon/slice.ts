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
  /** Samples per tenant that the skip lists leave out of `groups`. */
  readonly skipped: ReadonlyMap<string, number>;
}

/** Puts the samples of several blocks together, series by series, without those of skipped series. */
export function buildSlice(blocks: readonly ResolvedBlock[], lists: SkipLists): Slice {
  const count = blocks.reduce((sum, { series }) => sum + series.length, 0);
  const timestampsMs = new Float64Array(count);
  const valueBits = new BigUint64Array(count);
  const groups = new Map<KnownSeries, SeriesSamples & { positions: number[] }>();
  const claimed = new Map<string, number>();
  const skipped = new Map<string, number>();
  let start = 0;
  for (const { owner, samples, series } of blocks) {
    timestampsMs.set(samples.timestampsMs, start);
    valueBits.set(samples.valueBits, start);
    let skips = 0;
    for (const [i, one] of series.entries()) {
      if (lists.shouldSkip(one, owner.namespace)) {
        skips++;
        continue;
      }
      const group = groups.get(one);
      if (group) {
        group.positions.push(start + i);
      } else {
        groups.set(one, { series: one, tenant: owner.tenant, positions: [start + i] });
      }
    }
    increase(claimed, owner.tenant, series.length);
    increase(skipped, owner.tenant, skips);
    start += series.length;
  }
  return { timestampsMs, valueBits, groups: [...groups.values()], claimed, skipped };
}

function increase(counts: Map<string, number>, tenant: string, samples: number): void {
  if (samples > 0) {
    counts.set(tenant, (counts.get(tenant) ?? 0) + samples);
  }
}
