import type { SampleColumns } from "../shared/block.ts";
import type { BlockEncoder, BlockHead } from "../shared/block-encoder.ts";
import type { KeptSamples } from "./intake/intake.ts";
import type { KnownSeries } from "./intake/known-series.ts";

/** Positions, in the kept samples, of those that belong to one shard; undefined for all of them. */
export type ShardPositions = Uint32Array | undefined;

/** Sorts samples by shard; shards that get none are left out. Pure. @param shards how many there are. */
export function splitByShard(kept: KeptSamples, shards: number): Iterable<[shard: number, positions: ShardPositions]> {
  if (shards > 1) {
    return splitAmong(kept, shards);
  }
  return kept.series.length === 0 ? [] : [[0, undefined]];
}

function splitAmong({ series }: KeptSamples, shards: number): Map<number, Uint32Array> {
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

/** The block of the samples at these positions, with the ids that their series have now. */
export function buildBlock(
  encoder: BlockEncoder,
  kept: KeptSamples,
  positions: ShardPositions,
  head: BlockHead,
): Buffer {
  return positions
    ? encoder.encodeBlock(head, positions.length, (columns) => gather(kept, positions, columns))
    : encoder.encodeBlock(head, kept.series.length, (columns) => copyAll(kept, columns));
}

/** Ids and values are copied as halves: no BigInt is made of them. */
function copyAll({ series, timestampsMs, valueBits }: KeptSamples, columns: SampleColumns): void {
  const ids = halvesOf(columns.ids);
  for (let i = 0; i < series.length; i++) {
    const one = series[i];
    ids[2 * i] = one?.idLow ?? 0;
    ids[2 * i + 1] = one?.idHigh ?? 0;
  }
  columns.timestampsMs.set(timestampsMs);
  columns.valueBits.set(valueBits);
}

function gather(kept: KeptSamples, positions: Uint32Array, columns: SampleColumns): void {
  const { series, timestampsMs } = kept;
  const ids = halvesOf(columns.ids);
  const from = halvesOf(kept.valueBits);
  const to = halvesOf(columns.valueBits);
  for (let i = 0; i < positions.length; i++) {
    const position = positions[i] ?? 0;
    const one = series[position];
    ids[2 * i] = one?.idLow ?? 0;
    ids[2 * i + 1] = one?.idHigh ?? 0;
    columns.timestampsMs[i] = timestampsMs[position] ?? 0;
    to[2 * i] = from[2 * position] ?? 0;
    to[2 * i + 1] = from[2 * position + 1] ?? 0;
  }
}

function halvesOf({ buffer, byteOffset, length }: BigUint64Array): Int32Array {
  return new Int32Array(buffer, byteOffset, 2 * length);
}

/** The series at these positions that the shard's present registration lacks, each once. Pure. */
export function unregisteredSeries(
  { series }: KeptSamples,
  positions: ShardPositions,
  registration: number,
): KnownSeries[] {
  const missing = new Set<KnownSeries>();
  const count = positions?.length ?? series.length;
  for (let i = 0; i < count; i++) {
    const one = series[positions ? (positions[i] ?? 0) : i];
    if (one && one.registration !== registration) {
      missing.add(one);
    }
  }
  return [...missing];
}
