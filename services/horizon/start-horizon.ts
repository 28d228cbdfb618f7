import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import { Registry } from "prom-client";
import type { LoadResult } from "../../settings/load.ts";
import type { Settings } from "../../settings/schema.ts";
import { createLifecycle, type Lifecycle, type SignalSource } from "../shared/lifecycle.ts";
import { createLogger, type Logger } from "../shared/logger.ts";
import { openOperationsServer, type ReloadOutcome } from "../shared/operations-server.ts";
import { redactUrl } from "../shared/redact-url.ts";
import { connectRedis, waitForRedis } from "../shared/redis-connection.ts";
import { readVersion } from "../shared/version.ts";
import { createBlockFingerprint } from "./block-fingerprint.ts";
import { buildTimeSeriesSink, buildVictoriaSink } from "./build-sinks.ts";
import type { CycleDeps, CycleSignals } from "./cycle.ts";
import { runLoop } from "./loop.ts";
import { HorizonMetrics } from "./metrics.ts";
import { prepareReload } from "./reload.ts";
import { requireUrls, type StoreUrls } from "./required-settings.ts";
import { type RoundLog, runRound } from "./round.ts";
import { createShards } from "./shard-work.ts";
import type { Sink } from "./sinks/sink.ts";
import { probeTimeSeries } from "./sinks/timeseries/probe-timeseries.ts";
import { compileSkipLists, type SkipLists } from "./skip-lists.ts";
import { describeStatus, readReadiness } from "./status.ts";

/** How long a store may take to answer whether it is there. */
const CHECK_TIMEOUT_MS = 5000;
/** How long to wait for Redis before saying again that it is not there. */
const REDIS_PATIENCE_MS = 60_000;
/** The part of the shutdown time after which the claim at hand is left. */
const FINISH_SHARE = 0.8;

export interface HorizonSurroundings {
  readonly load: () => Promise<LoadResult>;
  readonly process: SignalSource;
  readonly exit: (code: number) => void;
}

export type Started = { ok: true } | { ok: false; problems: readonly string[] };

/** What the parts of a running Horizon share. */
interface Running {
  readonly settings: Settings;
  readonly urls: StoreUrls;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  readonly registry: Registry;
  readonly metrics: HorizonMetrics;
  readonly log: RoundLog;
  readonly startedMs: number;
  readonly redis: Redis;
  readonly sinks: readonly Sink[];
  skipLists: SkipLists;
}

/** Puts Horizon together and starts its loop. @returns what stands in the way, if anything does. */
export async function startHorizon({ load, process, exit }: HorizonSurroundings): Promise<Started> {
  const loaded = await load();
  if (!loaded.ok) {
    return loaded;
  }
  const { settings } = loaded;
  const found = requireUrls(settings);
  const compiled = compileSkipLists(settings);
  if (!found.ok || !compiled.ok) {
    return { ok: false, problems: [...(found.ok ? [] : found.problems), ...(compiled.ok ? [] : compiled.problems)] };
  }
  const running = assemble(settings, found.urls, compiled.lists, exit);
  const { lifecycle, logger } = running;
  lifecycle.handleSignals(process, () => reload(running, load));
  const unsuitable = (await openOperations(running, load)) ?? (await refuseUnsuitable(running));
  if (unsuitable !== undefined) {
    return { ok: false, problems: [unsuitable] };
  }
  await waitForBuffer(running);
  await startLoop(running);
  logger.info({ intervalSeconds: settings.HORIZON_INTERVAL_SECONDS }, "Horizon is running");
  return { ok: true };
}

function assemble(settings: Settings, urls: StoreUrls, skipLists: SkipLists, exit: (code: number) => void): Running {
  const logger = createLogger("horizon", settings.LOG_LEVEL);
  const lifecycle = createLifecycle({ logger, timeoutMs: settings.HORIZON_SHUTDOWN_TIMEOUT_MS, exit });
  const registry = new Registry();
  const names = [
    ...(urls.timeseries ? ["timeseries" as const] : []),
    ...(urls.victoriametrics ? ["victoriametrics" as const] : []),
  ];
  const metrics = new HorizonMetrics(registry, names, Date.now);
  const connect = (url: string, name: string) => {
    const redis = connectRedis(url, { name, timeoutMs: settings.REDIS_TIMEOUT_MS, logger });
    lifecycle.onStop(name, () => redis.disconnect());
    return redis;
  };
  const redis = connect(urls.buffer, "horizon-buffer");
  const sinks: Sink[] = [];
  if (urls.timeseries !== undefined) {
    sinks.push(buildTimeSeriesSink(settings, urls.timeseries, connect(urls.timeseries, "horizon-timeseries")));
  }
  if (urls.victoriametrics !== undefined) {
    const victoria = buildVictoriaSink(settings, urls.victoriametrics, { metrics, logger, now: Date.now });
    lifecycle.onStop("VictoriaMetrics connections", victoria.close);
    sinks.push(victoria.sink);
  }
  const log: RoundLog = { lastGoodMs: undefined, reports: [] };
  return { settings, urls, logger, lifecycle, registry, metrics, log, startedMs: Date.now(), redis, sinks, skipLists };
}

/** @returns why the operators' listener could not be opened, if it could not. */
async function openOperations(running: Running, load: () => Promise<LoadResult>): Promise<string | undefined> {
  const { settings, urls, registry, logger, log, startedMs, redis, sinks, lifecycle } = running;
  const intervalMs = settings.HORIZON_INTERVAL_SECONDS * 1000;
  const shown = Object.entries(urls).flatMap(([name, url]) => (url === undefined ? [] : [[name, redactUrl(url)]]));
  const facts = { version: readVersion(), startedMs, intervalMs, log, stores: Object.fromEntries(shown) };
  const checks = sinks.map((sink) => [sink.name, () => sink.check(AbortSignal.timeout(CHECK_TIMEOUT_MS))] as const);
  const stores = { buffer: () => redis.ping(), ...Object.fromEntries(checks) };
  try {
    const server = await openOperationsServer({
      host: settings.HORIZON_HOST,
      port: settings.HORIZON_ADMIN_PORT,
      registry,
      logger,
      isReady: () => readReadiness({ stores, log, startedMs, intervalMs }, Date.now()),
      status: () => describeStatus({ ...facts, sinks: sinks.map(({ name }) => name) }),
      reload: () => reload(running, load),
    });
    lifecycle.onStop("operations listener", () => server.close());
    logger.info({ host: settings.HORIZON_HOST, port: server.port }, "Operations listener is open");
    return undefined;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return `cannot start Horizon: ${words}; set HORIZON_ADMIN_PORT (or HORIZON_HOST) to another`;
  }
}

/** A store that can never do is said at once; one that is only not there yet is waited for, cycle by cycle. */
async function refuseUnsuitable({ settings, urls, logger }: Running): Promise<string | undefined> {
  if (urls.timeseries === undefined) {
    return undefined;
  }
  const outcome = await probeTimeSeries(urls.timeseries, settings.REDIS_KEY_PREFIX, settings.REDIS_TIMEOUT_MS);
  switch (outcome.kind) {
    case "suitable":
      return undefined;
    case "unreachable":
      logger.warn({ reason: outcome.detail }, "RedisTimeSeries is not there yet; its samples wait");
      return undefined;
    case "unsuitable":
      return outcome.detail;
  }
}

async function waitForBuffer({ redis, logger, lifecycle }: Running): Promise<void> {
  while (redis.status !== "ready" && !lifecycle.signal.aborted) {
    await waitForRedis(redis, REDIS_PATIENCE_MS).catch((error: unknown) => {
      logger.warn({ err: error }, "Still waiting for Redis");
    });
  }
}

async function startLoop(running: Running): Promise<void> {
  const { settings, redis, logger, lifecycle, metrics, log, sinks } = running;
  const fingerprint = await createBlockFingerprint();
  const shards = createShards(settings, redis, randomUUID(), fingerprint);
  const intervalMs = settings.HORIZON_INTERVAL_SECONDS * 1000;
  const deps: CycleDeps = {
    ...{ redis, sinks, metrics, logger, fingerprint, intervalMs },
    skipLists: () => running.skipLists,
    now: Date.now,
    leaseMs: settings.HORIZON_LEASE_SECONDS * 1000,
    parkMs: settings.HORIZON_PARK_SECONDS * 1000,
    sliceBlocks: settings.HORIZON_SLICE_BLOCKS,
  };
  const leave = new AbortController();
  const signals: CycleSignals = { stopping: lifecycle.signal, abort: leave.signal };
  const loop = runLoop({
    ...{ intervalMs, logger, sleep, now: Date.now, stopping: lifecycle.signal },
    round: (nowMs) => runRound(deps, shards, log, nowMs, signals),
    onFailure: () => metrics.countFailedCycle(),
  });
  lifecycle.onStop("cycle loop", async () => {
    const timer = setTimeout(
      () => leave.abort(new Error("stopping: the claim at hand takes too long")),
      settings.HORIZON_SHUTDOWN_TIMEOUT_MS * FINISH_SHARE,
    );
    await loop;
    clearTimeout(timer);
  });
}

async function reload(running: Running, load: () => Promise<LoadResult>): Promise<ReloadOutcome> {
  const reloaded = prepareReload(running.settings, await load());
  if (!reloaded.ok) {
    running.logger.error({ problems: reloaded.problems }, "Reload refused; the old settings stay");
    return reloaded;
  }
  running.skipLists = reloaded.skipLists;
  running.logger.level = reloaded.settings.LOG_LEVEL;
  running.logger.info({ needRestart: reloaded.needRestart }, "Settings reloaded");
  return { ok: true, needRestart: reloaded.needRestart };
}

/** Returns early when the signal is aborted. */
async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) {
      throw error;
    }
  });
}
