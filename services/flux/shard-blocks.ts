import { type BlockOwner, encodeBlock } from "../shared/block.ts";
import type { KeptSamples } from "./intake/intake.ts";
import type { KnownSeries } from "./intake/stream.ts";

/** Positions, in the kept samples, of those that belong to one shard. */
export type ShardSamples = ReadonlyMap<number, readonly number[]>;

/** Sorts samples by shard. Pure. */
export function splitByShard({ series }: KeptSamples): ShardSamples {
  const shards = new Map<number, number[]>();
  for (const [position, { shard }] of series.entries()) {
    const positions = shards.get(shard);
    if (positions) {
      positions.push(position);
    } else {
      shards.set(shard, [position]);
    }
  }
  return shards;
}

/** The block of the samples at these positions, with the ids that their series have now. Pure. */
export function buildBlock(
  kept: KeptSamples,
  positions: readonly number[],
  owner: BlockOwner,
  generation: number,
): Buffer {
  const ids = new BigUint64Array(positions.length);
  if (positions.length === kept.series.length) {
    for (const [i, series] of kept.series.entries()) {
      ids[i] = series.id;
    }
    return encodeBlock({ owner, generation, samples: { ...kept, ids } });
  }
  const timestampsMs = new Float64Array(positions.length);
  const valueBits = new BigUint64Array(positions.length);
  for (const [i, position] of positions.entries()) {
    ids[i] = kept.series[position]?.id ?? 0n;
    timestampsMs[i] = kept.timestampsMs[position] ?? 0;
    valueBits[i] = kept.valueBits[position] ?? 0n;
  }
  return encodeBlock({ owner, generation, samples: { ids, timestampsMs, valueBits } });
}

/** The series at these positions that the shard's present registration lacks, each once. Pure. */
export function unregisteredSeries(
  kept: KeptSamples,
  positions: readonly number[],
  registration: number,
): KnownSeries[] {
  const missing = new Set<KnownSeries>();
  for (const position of positions) {
    const series = kept.series[position];
    if (series && series.registration !== registration) {
      missing.add(series);
    }
  }
  return [...missing];
}
