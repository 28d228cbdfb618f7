import { Redis } from "ioredis";
import { shardKeys } from "../../services/shared/buffer-keys.ts";

/** What still waits in the buffer. */
export interface Waiting {
  readonly blocks: number;
  readonly claims: number;
  /** Blocks that wait for their series to be registered again. */
  readonly parked: number;
}

/** Looks what still waits in the buffer for Horizon; undefined when it has delivered and settled everything. */
export async function undelivered(redisUrl: string, shards = 1): Promise<Waiting | undefined> {
  const redis = new Redis(redisUrl);
  try {
    return await undeliveredIn(redis, shards);
  } finally {
    redis.disconnect();
  }
}

/** The same, of a Redis that is connected to already. */
export async function undeliveredIn(redis: Redis, shards = 1): Promise<Waiting | undefined> {
  const waiting = { blocks: 0, claims: 0, parked: 0 };
  for (let shard = 0; shard < shards; shard++) {
    const keys = shardKeys("", shard);
    waiting.blocks += await redis.scard(keys.blocks);
    waiting.claims += await redis.hlen(keys.claims);
    waiting.parked += await redis.zcard(keys.parked);
  }
  return waiting.blocks + waiting.claims + waiting.parked === 0 ? undefined : waiting;
}

/** The same in words, for those who wait. */
export async function wordsOfUndelivered(redisUrl: string, shards = 1): Promise<string | undefined> {
  const waiting = await undelivered(redisUrl, shards);
  return waiting && JSON.stringify(waiting);
}
