import { randomUUID } from "node:crypto";
import type { TestContext } from "node:test";
import type { Redis } from "ioredis";
import { Registry } from "prom-client";
import { createBlockFingerprint } from "../../../services/horizon/block-fingerprint.ts";
import { buildTimeSeriesSink, buildVictoriaSink } from "../../../services/horizon/build-sinks.ts";
import { type CycleDeps, type CycleReport, runCycle, type ShardWork } from "../../../services/horizon/cycle.ts";
import { HorizonMetrics } from "../../../services/horizon/metrics.ts";
import { createShards } from "../../../services/horizon/shard-work.ts";
import type { Sink } from "../../../services/horizon/sinks/sink.ts";
import { compileSkipLists } from "../../../services/horizon/skip-lists.ts";
import { type ShardKeys, shardKeys } from "../../../services/shared/buffer-keys.ts";
import { generationAt } from "../../../services/shared/generation.ts";
import { createLogger } from "../../../services/shared/logger.ts";
import { connectRedis, waitForRedis } from "../../../services/shared/redis-connection.ts";
import { type Settings, settingsSchema } from "../../../settings/schema.ts";
import { type BufferFiller, createBufferFiller } from "./buffer-filler.ts";

/** A moment in the middle of a minute and of an hour. */
export const START_MS = Date.UTC(2026, 0, 1, 12, 30, 30);
export const GENERATION = generationAt(START_MS);

export interface RigOptions {
  readonly redisUrl: string;
  /** Leaves VictoriaMetrics out when undefined. */
  readonly victoriaUrl?: string;
  /** The Redis of the time series; false leaves RedisTimeSeries out. By default the buffer's. */
  readonly timeseriesUrl?: string | false;
  readonly settings?: Partial<Settings>;
  /** By default one that nobody else has. */
  readonly prefix?: string;
  /** Shares the keys of another rig: one more Horizon on the same buffer. */
  readonly beside?: Rig;
}

/** One Horizon without its loop, under its own key prefix and on a clock that only the test moves. */
export interface Rig {
  readonly redis: Redis;
  readonly prefix: string;
  readonly keys: ShardKeys;
  readonly filler: BufferFiller;
  readonly clock: { nowMs: number };
  readonly work: ShardWork;
  readonly deps: CycleDeps;
  /** Runs a cycle. */
  cycle(signals?: { stopping?: AbortSignal; abort?: AbortSignal }): Promise<CycleReport>;
  /** The value of a metric with these labels; 0 where it is absent. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  /** Dead letters, oldest first. */
  deadLetters(): Promise<Record<string, string>[]>;
}

export async function createRig(t: TestContext, options: RigOptions): Promise<Rig> {
  const prefix = options.beside?.prefix ?? options.prefix ?? `test-${randomUUID()}:`;
  const settings = settingsSchema.parse({
    REDIS_KEY_PREFIX: prefix,
    HORIZON_LEASE_SECONDS: 10,
    VICTORIAMETRICS_SETTLE_SECONDS: 0,
    VICTORIAMETRICS_TIMEOUT_MS: 5000,
    ...options.settings,
  });
  const logger = createLogger("test", "silent");
  const redis = connectRedis(options.redisUrl, { name: "test", timeoutMs: 10_000, logger });
  await waitForRedis(redis, 20_000);
  t.after(() => redis.disconnect());
  const clock = options.beside?.clock ?? { nowMs: START_MS };
  const registry = new Registry();
  const metrics = new HorizonMetrics(registry, ["timeseries", "victoriametrics"], () => clock.nowMs);
  const deps: CycleDeps = {
    redis,
    sinks: buildSinks(t, options, settings, { metrics, now: () => clock.nowMs }),
    skipLists: skipListsOf(settings),
    metrics,
    logger,
    now: () => clock.nowMs,
    fingerprint: await createBlockFingerprint(),
    intervalMs: settings.HORIZON_INTERVAL_SECONDS * 1000,
    leaseMs: settings.HORIZON_LEASE_SECONDS * 1000,
    parkMs: settings.HORIZON_PARK_SECONDS * 1000,
    sliceBlocks: settings.HORIZON_SLICE_BLOCKS,
  };
  const [work] = createShards(settings, redis, randomUUID(), deps.fingerprint);
  if (!work) {
    throw new Error("there is no shard");
  }
  const never = new AbortController().signal;
  return {
    redis,
    prefix,
    clock,
    work,
    deps,
    keys: shardKeys(prefix, 0),
    filler: await createBufferFiller(redis, prefix),
    cycle: ({ stopping = never, abort = never } = {}) => runCycle(deps, work, clock.nowMs, { stopping, abort }),
    metric: async (name, labels = {}) => {
      const metric = await registry.getSingleMetric(name)?.get();
      const wanted = Object.entries(labels);
      const own = metric?.values.filter((value) =>
        wanted.every(([label, text]) => Reflect.get(value.labels, label) === text),
      );
      return own?.reduce((sum, { value }) => sum + value, 0) ?? 0;
    },
    deadLetters: async () => {
      const entries = await redis.xrange(shardKeys(prefix, 0).deadLetters, "-", "+");
      return entries.map(([, fields]) =>
        Object.fromEntries(fields.flatMap((name, i) => (i % 2 === 0 ? [[name, fields[i + 1] ?? ""]] : []))),
      );
    },
  };
}

function buildSinks(
  t: TestContext,
  options: RigOptions,
  settings: Settings,
  deps: { metrics: HorizonMetrics; now: () => number },
): Sink[] {
  const logger = createLogger("test", "silent");
  const sinks: Sink[] = [];
  const timeseriesUrl = options.timeseriesUrl ?? options.redisUrl;
  if (timeseriesUrl !== false) {
    const redis = connectRedis(timeseriesUrl, { name: "test-rts", timeoutMs: 10_000, logger });
    t.after(() => redis.disconnect());
    sinks.push(buildTimeSeriesSink(settings, timeseriesUrl, redis));
  }
  if (options.victoriaUrl !== undefined) {
    const { sink, close } = buildVictoriaSink(settings, options.victoriaUrl, { ...deps, logger });
    t.after(close);
    sinks.push(sink);
  }
  return sinks;
}

function skipListsOf(settings: Settings): CycleDeps["skipLists"] {
  const compiled = compileSkipLists(settings);
  if (!compiled.ok) {
    throw new Error(compiled.problems.join("; "));
  }
  return () => compiled.lists;
}
