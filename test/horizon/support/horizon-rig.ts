import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { TestContext } from "node:test";
import type { Redis } from "ioredis";
import { Registry } from "prom-client";
import { createBlockFingerprint } from "../../../services/horizon/block-fingerprint.ts";
import { buildTimeSeriesSink, buildVictoriaSink } from "../../../services/horizon/build-sinks.ts";
import {
  type CycleDeps,
  type CycleReport,
  type CycleSignals,
  runCycle,
  type ShardWork,
} from "../../../services/horizon/cycle.ts";
import { type DeadLetter, parseDeadLetter } from "../../../services/horizon/dead-letters.ts";
import { holdLease } from "../../../services/horizon/hold-lease.ts";
import { HorizonMetrics } from "../../../services/horizon/metrics.ts";
import { requireUrls } from "../../../services/horizon/required-settings.ts";
import { ShardBoard } from "../../../services/horizon/shard-board.ts";
import { LeaseLostError } from "../../../services/horizon/shard-lease.ts";
import { addShardMetrics } from "../../../services/horizon/shard-metrics.ts";
import { createShards } from "../../../services/horizon/shard-work.ts";
import type { Sink, StoreClock } from "../../../services/horizon/sinks/sink.ts";
import type { StoreClient } from "../../../services/horizon/sinks/victoria/store-client.ts";
import { compileSkipLists } from "../../../services/horizon/skip-lists.ts";
import { loadBlockChecksum } from "../../../services/kernel/load-block-checksum.ts";
import { loadBodyWriter } from "../../../services/kernel/load-body-writer.ts";
import { type ShardKeys, shardKeys } from "../../../services/shared/buffer-keys.ts";
import { SpareSpaces } from "../../../services/shared/column-space.ts";
import { generationAt } from "../../../services/shared/generation.ts";
import { createLogger } from "../../../services/shared/logger.ts";
import { connectRedis, waitForRedis } from "../../../services/shared/redis-connection.ts";
import { loadScripts } from "../../../services/shared/redis-scripts/run-script.ts";
import { type Settings, settingsSchema } from "../../../settings/schema.ts";
import { type BufferFiller, createBufferFiller } from "./buffer-filler.ts";

/** A moment in the middle of a minute and of an hour. */
export const START_MS = Date.UTC(2026, 0, 1, 12, 30, 30);
export const GENERATION = generationAt(START_MS);

export interface RigOptions {
  readonly redisUrl: string;
  /** Leaves VictoriaMetrics out when undefined. */
  readonly victoriaUrl?: string;
  /** PEM certificates of authorities that stores' certificates are checked against. */
  readonly ca?: string;
  /** The Redis of the time series; false leaves RedisTimeSeries out. By default the buffer's. */
  readonly timeseriesUrl?: string | false;
  readonly settings?: Partial<Settings>;
  /** Sees how long VictoriaMetrics runs; by default, that it always does, on the clock that the test moves. */
  readonly clockOf?: (client: StoreClient) => StoreClock;
  /** By default one that nobody else has. */
  readonly prefix?: string;
  /** Shares the keys of another rig: one more Horizon on the same buffer. */
  readonly beside?: Rig;
}

/** What a cycle of a rig came to: `lease_busy` when another has the shard, `lease_lost` when it has it now. */
export type RigReport = CycleReport & { readonly outcome: "done" | "lease_busy" | "lease_lost" };

/** One Horizon without its loop, under its own key prefix and on a clock that only the test moves. */
export interface Rig {
  readonly redis: Redis;
  readonly prefix: string;
  readonly keys: ShardKeys;
  readonly filler: BufferFiller;
  readonly clock: { nowMs: number };
  readonly work: ShardWork;
  readonly deps: CycleDeps;
  /** Takes the shard, runs a cycle, and gives the shard back. */
  cycle(signals?: { stopping?: AbortSignal; abort?: AbortSignal }): Promise<RigReport>;
  /** The value of a metric with these labels; 0 where it is absent. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  /** Dead letters, oldest first. */
  deadLetters(): Promise<DeadLetter[]>;
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
  const board = new ShardBoard();
  const metrics = new HorizonMetrics(registry, ["timeseries", "victoriametrics"]);
  addShardMetrics(registry, { board, sinks: ["timeseries", "victoriametrics"], now: () => clock.nowMs });
  const deps: CycleDeps = {
    redis,
    sinks: buildSinks(t, options, settings, { metrics, now: () => clock.nowMs }),
    skipLists: skipListsOf(settings),
    metrics,
    logger,
    now: () => clock.nowMs,
    checksum: loadBlockChecksum(),
    spaces: new SpareSpaces(),
    turnMs: () => settings.HORIZON_INTERVAL_SECONDS * 1000,
    drainShare: settings.HORIZON_DRAIN_SHARE,
    backlogCap: {
      maxBytes: settings.HORIZON_BACKLOG_MAX_BYTES,
      maxAgeMs: settings.HORIZON_BACKLOG_MAX_AGE_SECONDS * 1000,
    },
    parkMs: settings.HORIZON_PARK_SECONDS * 1000,
    sliceBlocks: settings.HORIZON_SLICE_BLOCKS,
  };
  const [work] = createShards({
    ...{ settings, redis, runScript: loadScripts(redis), fingerprint: await createBlockFingerprint() },
    ...{ holder: randomUUID(), monotonicMs: () => performance.now() },
  });
  if (!work) {
    throw new Error("there is no shard");
  }
  return {
    redis,
    prefix,
    clock,
    work,
    deps,
    keys: shardKeys(prefix, 0),
    filler: await createBufferFiller(redis, prefix),
    cycle: (signals) => holdAndRunCycle(deps, work, board, { ...NO_SIGNALS, ...signals }),
    metric: async (name, labels = {}) => {
      const metric = await registry.getSingleMetric(name)?.get();
      const wanted = Object.entries(labels);
      const own = metric?.values.filter((value) =>
        wanted.every(([label, text]) => Reflect.get(value.labels, label) === text),
      );
      return own?.reduce((sum, { value }) => sum + value, 0) ?? 0;
    },
    deadLetters: async () => {
      const entries = await redis.xrangeBuffer(shardKeys(prefix, 0).deadLetters, "-", "+");
      return entries.map(([, fields]) => parseDeadLetter(fields));
    },
  };
}

const NO_SIGNALS = { stopping: new AbortController().signal, abort: new AbortController().signal };

async function holdAndRunCycle(
  deps: CycleDeps,
  work: ShardWork,
  board: ShardBoard,
  signals: CycleSignals,
): Promise<RigReport> {
  const { lease, shard } = work;
  const deadLetters = { letters: 0, bytes: 0, evicted: 0 };
  const counts = { finished: 0, remaining: [], parkedBlocks: 0, bufferBytes: 0, deadLetters, phaseSeconds: {} };
  const nothing = { shard, sinks: {}, ...counts };
  if (!(await lease.take())) {
    return { ...nothing, outcome: "lease_busy" };
  }
  board.take(shard, deps.now());
  const abort = AbortSignal.any([signals.abort, lease.lost]);
  const cycle = () => runCycle(deps, work, deps.now(), { ...signals, abort });
  try {
    const report = await holdLease({ lease, logger: deps.logger }, cycle);
    board.note(report, deps.now());
    return { ...report, outcome: "done" };
  } catch (error) {
    if (error instanceof LeaseLostError) {
      return { ...nothing, outcome: "lease_lost" };
    }
    throw error;
  }
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
    sinks.push(buildTimeSeriesSink(settings, timeseriesUrl, redis, { ...deps, logger }));
  }
  const url = options.victoriaUrl;
  const hasReceivers = url !== undefined || Object.keys(settings.VICTORIAMETRICS_URLS).length > 0;
  const found = requireUrls({
    ...settings,
    REDIS_URL: options.redisUrl,
    VICTORIAMETRICS_ENABLED: hasReceivers,
    ...(url !== undefined && { VICTORIAMETRICS_URL: url }),
  });
  assert.ok(found.ok);
  const { receivers } = found.urls;
  const bodies = loadBodyWriter();
  for (const store of receivers) {
    const names = receivers.map(({ name }) => name);
    const { sink, close } = buildVictoriaSink(settings, store, names, {
      ...{ ...deps, logger, bodies, ca: options.ca },
      clockOf: options.clockOf ?? (() => ({ atLeastMs: deps.now, atMostMs: deps.now })),
    });
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
