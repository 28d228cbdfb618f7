import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { Settings } from "../../settings/schema.ts";
import type { BodyWriter } from "../kernel/body-writer.ts";
import type { Logger } from "../shared/logger.ts";
import { loadScripts } from "../shared/redis-scripts/run-script.ts";
import type { SinkName } from "./claim-state.ts";
import type { MetadataReceiver } from "./metadata/metadata-forwarder.ts";
import type { HorizonMetrics } from "./metrics.ts";
import type { NamedStore } from "./required-settings.ts";
import type { Sink, StoreClock } from "./sinks/sink.ts";
import { BucketRecords } from "./sinks/timeseries/bucket-records.ts";
import { probeTimeSeries } from "./sinks/timeseries/probe-timeseries.ts";
import { SeriesUpkeep, seriesTtlMs } from "./sinks/timeseries/series-upkeep.ts";
import { TimeSeriesSink } from "./sinks/timeseries/timeseries-sink.ts";
import { ownerOf } from "./sinks/victoria/series-owner.ts";
import { parseStoreAddress } from "./sinks/victoria/store-address.ts";
import { StoreClient } from "./sinks/victoria/store-client.ts";
import { VictoriaSink } from "./sinks/victoria/victoria-sink.ts";

/** Where every sample is kept, what has been written is recorded for as many milliseconds at a time. */
const RECORD_WINDOW_MS = 60_000;
/** Uncompressed bytes of a request; receivers take 32 MiB. */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024;

/** The RedisTimeSeries sink, on a connection that is its own. */
export function buildTimeSeriesSink(
  settings: Settings,
  url: string,
  redis: Redis,
  { logger, now }: { readonly logger: Logger; readonly now: () => number },
): TimeSeriesSink {
  const keyPrefix = settings.REDIS_KEY_PREFIX;
  const runScript = loadScripts(redis);
  const retentionMs = settings.FULL_DURATION * 1000;
  const resolutionMs = settings.RTS_RESOLUTION_SECONDS * 1000;
  const windowMs = resolutionMs || RECORD_WINDOW_MS;
  return new TimeSeriesSink({
    ...{ redis, runScript, keyPrefix, logger, now, resolutionMs, windowMs },
    shape: { retentionMs, chunkBytes: settings.RTS_CHUNK_BYTES },
    upkeep: new SeriesUpkeep(retentionMs),
    batchSamples: settings.RTS_BATCH_SAMPLES,
    maxKeptBack: settings.RTS_MAX_POINTS_KEPT_BACK,
    records: new BucketRecords({
      ...{ redis, runScript, resolutionMs, now, seriesTtlMs: seriesTtlMs(retentionMs) },
      shards: settings.HORIZON_SHARDS,
    }),
    probe: () => probeTimeSeries(url, keyPrefix, settings.REDIS_TIMEOUT_MS),
  });
}

/** What a VictoriaMetrics sink needs of its surroundings. */
export interface VictoriaSurroundings {
  readonly metrics: HorizonMetrics;
  readonly logger: Logger;
  readonly now: () => number;
  readonly bodies: BodyWriter;
  /** Gives the time for which a store has run. Not called for one that has nothing to settle. */
  readonly clockOf: (client: StoreClient) => StoreClock;
  /** PEM certificates of VICTORIAMETRICS_CA_FILE. */
  readonly ca?: string | undefined;
}

/**
 * The sink of one receiver of remote-write, the way for metadata into it, and what closes its connections.
 * @param names those of all receivers, among which series are spread where the settings say so.
 */
export function buildVictoriaSink(
  settings: Settings,
  { name, url }: NamedStore,
  names: readonly SinkName[],
  { metrics, logger, now, bodies, clockOf, ca }: VictoriaSurroundings,
): { sink: Sink; metadataReceiver: MetadataReceiver; close: () => void } {
  const address = parseStoreAddress(url);
  const client = new StoreClient({
    address,
    bearerToken: settings.VICTORIAMETRICS_BEARER_TOKEN,
    ca,
    timeoutMs: settings.VICTORIAMETRICS_TIMEOUT_MS,
    now,
    random: Math.random,
    sleep: async (ms, signal) => {
      await delay(ms, undefined, { signal });
    },
  });
  const settleMs = settings.VICTORIAMETRICS_SETTLE_SECONDS * 1000;
  const sink = new VictoriaSink({
    name,
    owns: settings.VICTORIAMETRICS_SPREAD === "shard" ? (id) => ownerOf(id, names) === name : undefined,
    client,
    bodies,
    limits: {
      maxSamples: settings.VICTORIAMETRICS_BATCH_SAMPLES,
      maxBytes: MAX_REQUEST_BYTES,
      perTenant: address.perTenant,
    },
    settling: settleMs > 0 ? { settleMs, clock: clockOf(client) } : undefined,
    now,
    logger,
    onIgnoredRows: (rows) => metrics.setIgnoredRows(name, rows),
  });
  const metadataReceiver: MetadataReceiver = {
    name,
    offer: (tenant, body, signal) => client.offer(tenant, body, signal),
  };
  return { sink, metadataReceiver, close: () => client.close() };
}
