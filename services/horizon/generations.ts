import type { Redis } from "ioredis";
import type { ShardKeys } from "../shared/buffer-keys.ts";

/** Generations that somebody may still need; infinity where nobody does. */
export interface NeededGenerations {
  readonly current: number;
  readonly claims: readonly number[];
  /** Undefined when it is not known what the parked blocks need: then nothing may be forgotten. */
  readonly parked: number | undefined;
  readonly unclaimed: number | undefined;
}

/**
 * The generations of the registry that no block names any more. The one before the oldest needed one stays too: a
 * block may be on its way into Redis when the hour turns.
 */
export function generationsToForget(existing: readonly number[], needed: NeededGenerations): number[] {
  if (needed.parked === undefined) {
    return [];
  }
  const oldest = Math.min(
    needed.current,
    needed.parked,
    needed.unclaimed ?? Number.POSITIVE_INFINITY,
    ...needed.claims,
  );
  return existing.filter((generation) => generation < oldest - 1);
}

/** Deletes generations of a shard's registry that nobody needs. @returns how many there were. */
export async function forgetGenerations(redis: Redis, keys: ShardKeys, needed: NeededGenerations): Promise<number> {
  const existing = (await redis.smembers(keys.generations)).map(Number);
  const old = generationsToForget(existing, needed);
  if (old.length > 0) {
    await redis.unlink(...old.flatMap((generation) => [keys.series(generation), keys.activeSeries(generation)]));
    await redis.srem(keys.generations, ...old);
  }
  return old.length;
}
