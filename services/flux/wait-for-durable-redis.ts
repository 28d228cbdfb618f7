import type { Redis } from "ioredis";
import type { Logger } from "../shared/logger.ts";
import { describeRedisProblem, readRedisInfo, waitForRedis } from "../shared/redis-connection.ts";

/** How often it is said that Redis is still not there. */
const REMINDER_MS = 10_000;

/**
 * Waits until Redis answers, and makes sure that it keeps what it confirms: one that may evict is refused, one that
 * could lose samples in some fault is warned of.
 * @throws Error with a sentence for the operator when this Redis must not be used.
 */
export async function waitForDurableRedis(redis: Redis, logger: Logger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await waitForRedis(redis, REMINDER_MS);
      break;
    } catch (error) {
      logger.warn({ reason: error instanceof Error ? error.message : String(error) }, "Waiting for Redis");
    }
  }
  if (signal.aborted) {
    return;
  }
  const { refuse, warn } = describeRedisProblem(await readRedisInfo(redis));
  for (const warning of warn) {
    logger.warn(warning);
  }
  if (refuse !== undefined) {
    throw new Error(refuse);
  }
}
