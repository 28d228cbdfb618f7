import { Redis } from "ioredis";
import { shardKeys } from "../../services/shared/buffer-keys.ts";

/** What still waits in the buffer. */
export interface Waiting {
  readonly blocks: number;
  readonly claims: number;
  /** Blocks that wait for their series to be registered again. */
  readonly parked: number;
}

/** Looks what still waits in the buffer; undefined when nothing does. */
export async function undelivered(redisUrl: string, shards: number): Promise<Waiting | undefined> {
  const redis = new Redis(redisUrl);
  const waiting = { blocks: 0, claims: 0, parked: 0 };
  for (let shard = 0; shard < shards; shard++) {
    const keys = shardKeys("", shard);
    waiting.blocks += await redis.scard(keys.blocks);
    waiting.claims += await redis.hlen(keys.claims);
    waiting.parked += await redis.zcard(keys.parked);
  }
  redis.disconnect();
  return waiting.blocks + waiting.claims + waiting.parked === 0 ? undefined : waiting;
}
