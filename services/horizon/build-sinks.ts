import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { Settings } from "../../settings/schema.ts";
import type { Logger } from "../shared/logger.ts";
import type { HorizonMetrics } from "./metrics.ts";
import type { Sink } from "./sinks/sink.ts";
import { NewestInBucket } from "./sinks/timeseries/newest-in-bucket.ts";
import { probeTimeSeries } from "./sinks/timeseries/probe-timeseries.ts";
import { TimeSeriesSink } from "./sinks/timeseries/timeseries-sink.ts";
import { parseStoreAddress } from "./sinks/victoria/store-address.ts";
import { StoreClient } from "./sinks/victoria/store-client.ts";
import { VictoriaSink } from "./sinks/victoria/victoria-sink.ts";

/** Points of a claim that are kept back for a newer sample of their bucket, at most. */
const MAX_KEPT_BACK = 500_000;
/** Buckets of series of which the newest sample is remembered, at most: some 100 MB. */
const MAX_REMEMBERED = 1_000_000;
/** Uncompressed bytes of a request; receivers take 32 MiB. */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024;

/** The RedisTimeSeries sink, on a connection that is its own. */
export function buildTimeSeriesSink(settings: Settings, url: string, redis: Redis): TimeSeriesSink {
  const keyPrefix = settings.REDIS_KEY_PREFIX;
  return new TimeSeriesSink({
    redis,
    keyPrefix,
    shape: { retentionMs: settings.FULL_DURATION * 1000, chunkBytes: settings.RTS_CHUNK_BYTES },
    resolutionMs: settings.RTS_RESOLUTION_SECONDS * 1000,
    batchSamples: settings.RTS_BATCH_SAMPLES,
    maxKeptBack: MAX_KEPT_BACK,
    newest: new NewestInBucket(MAX_REMEMBERED),
    probe: () => probeTimeSeries(url, keyPrefix, settings.REDIS_TIMEOUT_MS),
  });
}

/** The VictoriaMetrics sink, and what closes its connections. */
export function buildVictoriaSink(
  settings: Settings,
  url: string,
  { metrics, logger, now }: { readonly metrics: HorizonMetrics; readonly logger: Logger; readonly now: () => number },
): { sink: Sink; close: () => void } {
  const address = parseStoreAddress(url);
  const client = new StoreClient({
    address,
    timeoutMs: settings.VICTORIAMETRICS_TIMEOUT_MS,
    now,
    random: Math.random,
    sleep: async (ms, signal) => {
      await delay(ms, undefined, { signal });
    },
  });
  const sink = new VictoriaSink({
    client,
    limits: {
      maxSamples: settings.VICTORIAMETRICS_BATCH_SAMPLES,
      maxBytes: MAX_REQUEST_BYTES,
      perTenant: address.perTenant,
    },
    settleMs: settings.VICTORIAMETRICS_SETTLE_SECONDS * 1000,
    now,
    logger,
    onIgnoredRows: (rows) => metrics.setIgnoredRows(rows),
  });
  return { sink, close: () => client.close() };
}
