import type { Redis } from "ioredis";
import { connectRedis, waitForRedis } from "../shared/redis-connection.ts";

const CONNECT_TIMEOUT_MS = 3000;
const COMMAND_TIMEOUT_MS = 30_000;

/**
 * Does something with a Redis, and closes the connection whatever comes of it.
 * @param name what the connection is called in Redis' CLIENT LIST.
 * @throws Error that says why Redis cannot be reached, and what `use` throws.
 */
export async function withRedis<Result>(
  url: string,
  name: string,
  use: (redis: Redis) => Promise<Result>,
): Promise<Result> {
  const silent = { info: () => undefined, warn: () => undefined };
  const redis = connectRedis(url, { name, timeoutMs: COMMAND_TIMEOUT_MS, logger: silent });
  try {
    await waitForRedis(redis, CONNECT_TIMEOUT_MS);
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}
