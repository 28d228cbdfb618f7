import { randomUUID } from "node:crypto";
import type { TestContext } from "node:test";
import type { Redis } from "ioredis";
import type { KnownSeries } from "../../../services/horizon/known-series.ts";
import type { ClaimHold, RefusedSamples } from "../../../services/horizon/sinks/sink.ts";
import { BucketRecords } from "../../../services/horizon/sinks/timeseries/bucket-records.ts";
import { SeriesUpkeep, seriesTtlMs } from "../../../services/horizon/sinks/timeseries/series-upkeep.ts";
import { TimeSeriesSink } from "../../../services/horizon/sinks/timeseries/timeseries-sink.ts";
import type { Slice } from "../../../services/horizon/slice.ts";
import type { Tally } from "../../../services/horizon/tally.ts";
import { shardKeys, timeSeriesKey } from "../../../services/shared/buffer-keys.ts";
import { createLogger } from "../../../services/shared/logger.ts";
import { connectRedis, waitForRedis } from "../../../services/shared/redis-connection.ts";
import { loadScripts } from "../../../services/shared/redis-scripts/run-script.ts";
import { timeSeriesSamples } from "./stored-samples.ts";

export interface StoreSettings {
  readonly resolutionMs?: number;
  readonly retentionMs?: number;
  readonly chunkBytes?: number;
  readonly batchSamples?: number;
  readonly maxKeptBack?: number;
}

/** A claim as a sink sees it. */
export interface TestClaim {
  readonly claimedAtMs: number;
  readonly slices: readonly Slice[];
}

/** A RedisTimeSeries under a key prefix of its own, and sinks that write to it, on a clock that only the test moves. */
export interface TimeSeriesStore {
  readonly redis: Redis;
  readonly prefix: string;
  readonly clock: { nowMs: number };
  readonly refused: RefusedSamples[];
  key(series: KnownSeries): string;
  /** A sink as a process has it that was just started. */
  startSink(settings?: StoreSettings): TimeSeriesSink;
  /** A claim that is this instance's for good, unless a test says otherwise. */
  hold(claim: Pick<TestClaim, "claimedAtMs">, changes?: Partial<ClaimHold>): ClaimHold;
  /** Delivers a whole claim. */
  deliver(sink: TimeSeriesSink, claim: TestClaim, changes?: Partial<ClaimHold>): Promise<Tally>;
  /** The keys of the series that have these labels, given as filters of TS.QUERYINDEX. */
  find(...filters: readonly string[]): Promise<string[]>;
  /** The samples of a series, or undefined where there is none. */
  samples(series: KnownSeries): Promise<[timestampMs: number, value: number][] | undefined>;
}

export async function openTimeSeriesStore(t: TestContext, url: string, nowMs: number): Promise<TimeSeriesStore> {
  const logger = createLogger("test", "silent");
  const redis = connectRedis(url, { name: "test-store", timeoutMs: 10_000, logger });
  t.after(() => redis.disconnect());
  await waitForRedis(redis, 20_000);
  const prefix = `test-${randomUUID()}:`;
  const clock = { nowMs };
  const now = () => clock.nowMs;
  const refused: RefusedSamples[] = [];
  const runScript = loadScripts(redis);
  const never = new AbortController().signal;
  const key = (series: KnownSeries) => timeSeriesKey(prefix, series.idText);
  const hold: TimeSeriesStore["hold"] = ({ claimedAtMs }, changes = {}) => ({
    keys: shardKeys(prefix, 0),
    claimedAtMs,
    token: "test:1",
    assertHeld: () => undefined,
    confirm: async () => undefined,
    ...changes,
  });
  return {
    ...{ redis, prefix, clock, refused, key, hold },
    startSink: ({
      resolutionMs = 60_000,
      retentionMs = 86_400_000,
      chunkBytes = 128,
      batchSamples = 500,
      maxKeptBack = 100_000,
    } = {}) =>
      new TimeSeriesSink({
        ...{ redis, runScript, keyPrefix: prefix, logger, now, resolutionMs, batchSamples, maxKeptBack },
        windowMs: resolutionMs || 60_000,
        shape: { retentionMs, chunkBytes },
        upkeep: new SeriesUpkeep(retentionMs),
        records: new BucketRecords({
          ...{ redis, runScript, resolutionMs, now, seriesTtlMs: seriesTtlMs(retentionMs) },
          shards: 1,
        }),
        probe: async () => ({ kind: "suitable" }),
      }),
    deliver: async (sink, claim, changes) => {
      const onRefused = async (samples: RefusedSamples) => {
        refused.push(samples);
      };
      const delivery = await sink.begin(onRefused, never, hold(claim, changes));
      for (const slice of claim.slices) {
        await delivery.write(slice, never);
      }
      return delivery.finish(never);
    },
    find: async (...filters) => {
      const keys = (await redis.call("TS.QUERYINDEX", ...filters)) as string[];
      return keys.filter((one) => one.startsWith(prefix));
    },
    samples: async (series) => {
      const stored = await timeSeriesSamples(redis, prefix, series.idText);
      return stored?.map(([time, value]) => [time, Number(value)]);
    },
  };
}
