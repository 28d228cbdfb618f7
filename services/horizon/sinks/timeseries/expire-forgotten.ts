import type { Redis } from "ioredis";
import { timeSeriesKey } from "../../../shared/buffer-keys.ts";
import { orRetryable } from "./write-fence.ts";

const KEYS_AT_A_TIME = 1000;
/** What Redis calls the type of a time series. */
const SERIES_TYPE = "TSDB-TYPE";
const SERIES_ID = /^[0-9a-f]{16}$/;

export interface ForgottenSeriesOptions {
  readonly redis: Redis;
  readonly keyPrefix: string;
  /** How long series are kept that get no more samples. */
  readonly seriesTtlMs: number;
}

/**
 * Gives an expiry to every series that has none: earlier versions did not set any, and a series that gets no more
 * samples would stay for ever.
 * @returns how many there were.
 * @throws RetryableError when Redis does not answer, and the reason of `signal`.
 */
export async function expireForgotten(options: ForgottenSeriesOptions, signal: AbortSignal): Promise<number> {
  const { redis, keyPrefix } = options;
  const begin = timeSeriesKey(keyPrefix, "");
  const pattern = `${begin.replace(/[\\*?[\]]/g, "\\$&")}*`;
  let forgotten = 0;
  let cursor = "0";
  do {
    signal.throwIfAborted();
    const scan = redis.scan(cursor, "MATCH", pattern, "COUNT", KEYS_AT_A_TIME, "TYPE", SERIES_TYPE);
    const [next, keys] = await orRetryable(scan);
    const series = keys.filter((key) => SERIES_ID.test(key.slice(begin.length)));
    forgotten += await orRetryable(expire(options, series));
    cursor = next;
  } while (cursor !== "0");
  return forgotten;
}

async function expire({ redis, seriesTtlMs }: ForgottenSeriesOptions, keys: readonly string[]): Promise<number> {
  const ttls = await Promise.all(keys.map((key) => redis.pttl(key)));
  const forgotten = keys.filter((_, i) => ttls[i] === -1);
  await Promise.all(forgotten.map((key) => redis.pexpire(key, seriesTtlMs)));
  return forgotten.length;
}
