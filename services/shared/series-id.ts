import xxhash from "xxhash-wasm";
import type { SeriesId } from "./series.ts";

/**
 * Gives the id that a series wants: attempt 0 is where every series starts; a series whose id is already
 * another's takes the next attempt that lands in the same shard (see `registry-record.ts`).
 */
export interface SeriesHasher {
  idOf(labelBytes: Uint8Array, attempt: number): SeriesId;
}

/**
 * XXH64 of the label bytes (`label-bytes.ts`), the attempt being the seed. Chosen because it is fast both here and
 * in WebAssembly, and fixed for ever: RedisTimeSeries keys carry it.
 */
export async function createSeriesHasher(): Promise<SeriesHasher> {
  const { h64Raw } = await xxhash();
  return { idOf: (labelBytes, attempt) => h64Raw(labelBytes, BigInt(attempt)) };
}

/** An id as the registry's keys hold it: 8 bytes, little-endian. */
export function idBytes(id: SeriesId): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64LE(id);
  return bytes;
}

/** The shard that a series belongs to: decided by its first-choice id, so that it never moves. */
export function shardOf(firstChoice: SeriesId, shards: number): number {
  return shards === 1 ? 0 : Number(firstChoice % BigInt(shards));
}
