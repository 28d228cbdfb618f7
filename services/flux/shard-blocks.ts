import { type BlockOwner, encodeBlock } from "../shared/block.ts";
import type { KeptSamples } from "./intake/intake.ts";
import type { KnownSeries } from "./intake/known-series.ts";

/** Positions, in the kept samples, of those that belong to one shard. */
export type ShardSamples = ReadonlyMap<number, Uint32Array>;

/** Sorts samples by shard. Pure. @param shards how many there are. */
export function splitByShard({ series }: KeptSamples, shards: number): ShardSamples {
  const counts = new Uint32Array(shards);
  for (let i = 0; i < series.length; i++) {
    const shard = series[i]?.shard ?? 0;
    counts[shard] = (counts[shard] ?? 0) + 1;
  }
  const split = new Map<number, Uint32Array>();
  const filled = new Uint32Array(shards);
  for (let i = 0; i < series.length; i++) {
    const shard = series[i]?.shard ?? 0;
    let positions = split.get(shard);
    if (!positions) {
      positions = new Uint32Array(counts[shard] ?? 0);
      split.set(shard, positions);
    }
    const place = filled[shard] ?? 0;
    positions[place] = i;
    filled[shard] = place + 1;
  }
  return split;
}

/** The block of the samples at these positions, with the ids that their series have now. Pure. */
export function buildBlock(kept: KeptSamples, positions: Uint32Array, owner: BlockOwner, generation: number): Buffer {
  const ids = idsOf(kept, positions);
  if (positions.length === kept.series.length) {
    return encodeBlock({ owner, generation, samples: { ...kept, ids } });
  }
  const timestampsMs = new Float64Array(positions.length);
  const valueBits = new BigUint64Array(positions.length);
  for (const [i, position] of positions.entries()) {
    timestampsMs[i] = kept.timestampsMs[position] ?? 0;
    valueBits[i] = kept.valueBits[position] ?? 0n;
  }
  return encodeBlock({ owner, generation, samples: { ids, timestampsMs, valueBits } });
}

/** The ids of the samples' series. Written as halves: no BigInt is made of them. */
function idsOf({ series }: KeptSamples, positions: Uint32Array): BigUint64Array {
  const ids = new BigUint64Array(positions.length);
  const halves = new Int32Array(ids.buffer);
  for (let i = 0; i < positions.length; i++) {
    const one = series[positions[i] ?? 0];
    halves[2 * i] = one?.idLow ?? 0;
    halves[2 * i + 1] = one?.idHigh ?? 0;
  }
  return ids;
}

/** The series at these positions that the shard's present registration lacks, each once. Pure. */
export function unregisteredSeries(
  { series }: KeptSamples,
  positions: Uint32Array,
  registration: number,
): KnownSeries[] {
  const missing = new Set<KnownSeries>();
  for (let i = 0; i < positions.length; i++) {
    const one = series[positions[i] ?? 0];
    if (one && one.registration !== registration) {
      missing.add(one);
    }
  }
  return [...missing];
}
