import type { Redis } from "ioredis";

/**
 * Reads blocks from where Flux or Horizon keep them: the set of a shard, a claim, or the parked blocks.
 * @returns at most `limit` of them, and how many there are; or why there can be none.
 * @throws when Redis does not answer.
 */
export async function readRedisBlocks(
  redis: Redis,
  key: string,
  limit: number,
): Promise<{ ok: true; blocks: Buffer[]; total: number } | { ok: false; problem: string }> {
  const type = await redis.type(key);
  switch (type) {
    case "set":
      return { ok: true, blocks: await redis.srandmemberBuffer(key, limit), total: await redis.scard(key) };
    case "zset":
      return { ok: true, blocks: await redis.zrangeBuffer(key, 0, String(limit - 1)), total: await redis.zcard(key) };
    case "none":
      return { ok: false, problem: `cannot read ${key}: there is no such key; a set is gone when it is empty` };
    default:
      return { ok: false, problem: `cannot read ${key}: it is a ${type}, blocks are in a set or a sorted set` };
  }
}
