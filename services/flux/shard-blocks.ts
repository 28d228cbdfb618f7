import type { SampleColumns } from "../shared/block.ts";
import type { BlockEncoder, BlockHead } from "../shared/block-encoder.ts";
import type { KeptSamples } from "./intake/intake.ts";

/** Positions, in the kept samples, of those that belong to one shard; undefined for all of them. */
export type ShardPositions = Uint32Array | undefined;

/** Sorts samples by shard; shards that get none are left out. Pure. @param shards how many there are. */
export function splitByShard(kept: KeptSamples, shards: number): Iterable<[shard: number, positions: ShardPositions]> {
  if (shards > 1) {
    return splitAmong(kept, shards);
  }
  return kept.series.length === 0 ? [] : [[0, undefined]];
}

function splitAmong({ series, known: { shards: shardOf } }: KeptSamples, shards: number): Map<number, Uint32Array> {
  const counts = new Uint32Array(shards);
  for (let i = 0; i < series.length; i++) {
    const shard = shardOf[series[i] ?? 0] ?? 0;
    counts[shard] = (counts[shard] ?? 0) + 1;
  }
  const split = new Map<number, Uint32Array>();
  const filled = new Uint32Array(shards);
  for (let i = 0; i < series.length; i++) {
    const shard = shardOf[series[i] ?? 0] ?? 0;
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
function copyAll({ series, known: { idHalves }, timestampsMs, valueBits }: KeptSamples, columns: SampleColumns): void {
  const ids = halvesOf(columns.ids);
  for (let i = 0; i < series.length; i++) {
    const one = 2 * (series[i] ?? 0);
    ids[2 * i] = idHalves[one] ?? 0;
    ids[2 * i + 1] = idHalves[one + 1] ?? 0;
  }
  columns.timestampsMs.set(timestampsMs);
  columns.valueBits.set(valueBits);
}

function gather(kept: KeptSamples, positions: Uint32Array, columns: SampleColumns): void {
  const { series, known, timestampsMs } = kept;
  const { idHalves } = known;
  const ids = halvesOf(columns.ids);
  const from = halvesOf(kept.valueBits);
  const to = halvesOf(columns.valueBits);
  for (let i = 0; i < positions.length; i++) {
    const position = positions[i] ?? 0;
    const one = 2 * (series[position] ?? 0);
    ids[2 * i] = idHalves[one] ?? 0;
    ids[2 * i + 1] = idHalves[one + 1] ?? 0;
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
  { series, known: { registrations } }: KeptSamples,
  positions: ShardPositions,
  registration: number,
): number[] {
  const missing = new Set<number>();
  const count = positions?.length ?? series.length;
  for (let i = 0; i < count; i++) {
    const one = series[positions ? (positions[i] ?? 0) : i] ?? 0;
    if (registrations[one] !== registration) {
      missing.add(one);
    }
  }
  return [...missing];
}
