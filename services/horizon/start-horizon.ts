import type { Redis } from "ioredis";
import { Registry } from "prom-client";
import type { LoadResult } from "../../settings/load.ts";
import type { Settings } from "../../settings/schema.ts";
import { loadBodyWriter } from "../kernel/load-body-writer.ts";
import { compileKeys, type KeyRing } from "../shared/key-ring.ts";
import { createLifecycle, type Lifecycle, type SignalSource } from "../shared/lifecycle.ts";
import { createLogger, type Logger } from "../shared/logger.ts";
import { openOperationsServer, type ReloadOutcome } from "../shared/operations-server.ts";
import { redactUrl } from "../shared/redact-url.ts";
import { connectRedis, waitForRedis } from "../shared/redis-connection.ts";
import { readVersion } from "../shared/version.ts";
import { buildTimeSeriesSink, buildVictoriaSink } from "./build-sinks.ts";
import type { SinkName } from "./claim-state.ts";
import { createInstanceName } from "./instance-name.ts";
import { buildForwarders } from "./metadata/build-forwarders.ts";
import type { MetadataForwarder, MetadataReceiver } from "./metadata/metadata-forwarder.ts";
import { HorizonMetrics } from "./metrics.ts";
import { openReading } from "./reading/open-reading.ts";
import { prepareReload } from "./reload.ts";
import { requireBlocks, requireUrls, type StoreUrls } from "./required-settings.ts";
import { ShardBoard } from "./shard-board.ts";
import { addShardMetrics } from "./shard-metrics.ts";
import type { Sink, StoreClock } from "./sinks/sink.ts";
import { probeTimeSeries } from "./sinks/timeseries/probe-timeseries.ts";
import type { StoreClient } from "./sinks/victoria/store-client.ts";
import { StoreWatch } from "./sinks/victoria/store-watch.ts";
import { compileSkipLists, type SkipLists } from "./skip-lists.ts";
import { lookIntervalMs, startWork } from "./start-work.ts";
import { describeStatus, readReadiness } from "./status.ts";
import { readAuthorities } from "./trusted-authorities.ts";

/** How long a store may take to answer whether it is there. */
const CHECK_TIMEOUT_MS = 5000;
/** How long to wait for Redis before saying again that it is not there. */
const REDIS_PATIENCE_MS = 60_000;

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
  /** The name of this instance. */
  readonly self: string;
  readonly board: ShardBoard;
  readonly startedMs: number;
  readonly redis: Redis;
  readonly sinks: readonly Sink[];
  readonly metadataReceivers: readonly MetadataReceiver[];
  skipLists: SkipLists;
  /** Those of the settings as they are now. */
  keys: KeyRing;
}

/** Puts Horizon together and starts its work. @returns what stands in the way, if anything does. */
export async function startHorizon({ load, process, exit }: HorizonSurroundings): Promise<Started> {
  const loaded = await load();
  if (!loaded.ok) {
    return loaded;
  }
  const { settings } = loaded;
  const readable = requireBlocks(settings);
  const found = requireUrls(settings);
  const compiled = compileSkipLists(settings);
  const authorities = readAuthorities(settings.VICTORIAMETRICS_CA_FILE);
  if (!readable.ok || !found.ok || !compiled.ok || !authorities.ok) {
    return {
      ok: false,
      problems: [readable, found, compiled, authorities].flatMap((one) => (one.ok ? [] : one.problems)),
    };
  }
  const running = assemble({ settings, urls: found.urls, skipLists: compiled.lists, ca: authorities.pem, exit });
  const { lifecycle, logger } = running;
  lifecycle.handleSignals(process, () => reload(running, load));
  const unsuitable = (await openOperations(running, load)) ?? (await refuseUnsuitable(running));
  if (unsuitable !== undefined) {
    return { ok: false, problems: [unsuitable] };
  }
  await waitForBuffer(running);
  await startWork({ ...running, metadata: openMetadata(running), skipLists: () => running.skipLists });
  logger.info({ intervalSeconds: settings.HORIZON_INTERVAL_SECONDS }, "Horizon is running");
  return { ok: true };
}

interface Ingredients {
  readonly settings: Settings;
  readonly urls: StoreUrls;
  readonly skipLists: SkipLists;
  /** PEM certificates of authorities for the stores. */
  readonly ca: string | undefined;
  readonly exit: (code: number) => void;
}

function assemble({ settings, urls, skipLists, ca, exit }: Ingredients): Running {
  const logger = createLogger("horizon", settings.LOG_LEVEL);
  const lifecycle = createLifecycle({ logger, timeoutMs: settings.HORIZON_SHUTDOWN_TIMEOUT_MS, exit });
  const registry = new Registry();
  const receivers = urls.receivers.map(({ name }) => name);
  const names: SinkName[] = [...(urls.timeseries ? ["timeseries" as const] : []), ...receivers];
  const metrics = new HorizonMetrics(registry, names);
  const board = new ShardBoard();
  addShardMetrics(registry, { board, sinks: names, now: Date.now });
  const connect = (url: string, name: string) => {
    const redis = connectRedis(url, { name, timeoutMs: settings.REDIS_TIMEOUT_MS, logger });
    lifecycle.onStop(name, () => redis.disconnect());
    return redis;
  };
  const redis = connect(urls.buffer, "horizon-buffer");
  const sinks: Sink[] = [];
  const metadataReceivers: MetadataReceiver[] = [];
  if (urls.timeseries !== undefined) {
    sinks.push(
      buildTimeSeriesSink(settings, urls.timeseries, connect(urls.timeseries, "horizon-timeseries"), {
        logger,
        now: Date.now,
      }),
    );
  }
  const watch = (client: StoreClient) => watchStore(client, lifecycle);
  const surroundings = { metrics, logger, now: Date.now, bodies: loadBodyWriter(), clockOf: watch, ca };
  for (const store of urls.receivers) {
    const victoria = buildVictoriaSink(settings, store, receivers, surroundings);
    lifecycle.onStop(`${store.name} connections`, victoria.close);
    sinks.push(victoria.sink);
    metadataReceivers.push(victoria.metadataReceiver);
  }
  const started = { self: createInstanceName(), startedMs: Date.now() };
  const stores = { redis, sinks, metadataReceivers };
  const reloadable = { skipLists, keys: compileKeys(settings) };
  return { settings, urls, logger, lifecycle, registry, metrics, board, ...started, ...stores, ...reloadable };
}

/** Sees how long a store runs, until the service stops. */
function watchStore(client: StoreClient, lifecycle: Lifecycle): StoreClock {
  const answers = (signal: AbortSignal) => client.answers(signal);
  const watch = new StoreWatch({ answers, monotonicMs: () => performance.now() }).start();
  lifecycle.onStop("watch of a store", () => watch.stop());
  return watch;
}

/** What sends metadata on; it ends before the connections that it uses, and after the shards. */
function openMetadata(running: Running): MetadataForwarder[] {
  const forwarders = buildForwarders({ ...running, now: Date.now }, running.metadataReceivers);
  running.lifecycle.onStop("metadata", () => Promise.all(forwarders.map((forwarder) => forwarder.stop())));
  return forwarders;
}

/** @returns why the operators' listener could not be opened, if it could not. */
async function openOperations(running: Running, load: () => Promise<LoadResult>): Promise<string | undefined> {
  const { settings, urls, registry, logger, self, board, startedMs, redis, sinks, lifecycle } = running;
  const intervalMs = settings.HORIZON_INTERVAL_SECONDS * 1000;
  const lookMs = lookIntervalMs(settings);
  const shown = [
    ["buffer", redactUrl(urls.buffer)],
    ...(urls.timeseries === undefined ? [] : [["timeseries", redactUrl(urls.timeseries)]]),
    ...urls.receivers.map(({ name, url }) => [name, redactUrl(url)]),
  ];
  const facts = { version: readVersion(), startedMs, intervalMs, self, board, stores: Object.fromEntries(shown) };
  const checks = sinks.map((sink) => [sink.name, () => sink.check(AbortSignal.timeout(CHECK_TIMEOUT_MS))] as const);
  const addRoutes = openReading({ ...running, url: urls.timeseries, keys: () => running.keys });
  const stores = { buffer: () => redis.ping(), ...Object.fromEntries(checks) };
  try {
    const server = await openOperationsServer({
      host: settings.HORIZON_HOST,
      port: settings.HORIZON_ADMIN_PORT,
      registry,
      logger,
      isReady: () => readReadiness({ stores, board, startedMs, intervalMs, lookMs }, Date.now()),
      status: () => describeStatus({ ...facts, sinks: sinks.map(({ name }) => name) }),
      reload: () => reload(running, load),
      addRoutes,
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

async function reload(running: Running, load: () => Promise<LoadResult>): Promise<ReloadOutcome> {
  const reloaded = prepareReload(running.settings, await load());
  if (!reloaded.ok) {
    running.logger.error({ problems: reloaded.problems }, "Reload refused; the old settings stay");
    return reloaded;
  }
  running.skipLists = reloaded.skipLists;
  running.keys = compileKeys(reloaded.settings);
  running.logger.level = reloaded.settings.LOG_LEVEL;
  running.logger.info({ needRestart: reloaded.needRestart }, "Settings reloaded");
  return { ok: true, needRestart: reloaded.needRestart };
}
