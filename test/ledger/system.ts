import { type RedisServer, startRedis } from "../support/redis-server.ts";
import type { ServerProcess } from "../support/server-process.ts";
import { type ServiceProcess, spawnService } from "../support/service.ts";
import { startVictoriaMetrics, type VictoriaMetrics } from "../support/victoria-metrics.ts";
import { type CuttingProxy, startCuttingProxy } from "./cutting-proxy.ts";

/** May write for every tenant. */
export const KEY = "self-key-of-the-ledger";
/** Longer than the eleven seconds that a killed VictoriaMetrics forgets, by some for writing on a machine that is busy. */
const SETTLE_SECONDS = 15;
export const SHARDS = 4;

/** The connections that can be cut. */
export const LINKS = [
  "sender-flux",
  "flux-buffer",
  "horizon1-buffer",
  "horizon1-timeseries",
  "horizon1-victoria",
  "horizon2-buffer",
  "horizon2-timeseries",
  "horizon2-victoria",
] as const;
export type Link = (typeof LINKS)[number];
/** The processes that can be killed. */
export const SERVERS = ["flux", "horizon1", "horizon2", "buffer", "timeseries", "victoria"] as const;
export type ServerName = (typeof SERVERS)[number];

/** The whole system under test: a Flux, two Horizons, a buffer, both stores, and proxies on all ways between them. */
export interface LedgerSystem {
  /** Where senders write to. */
  readonly intakeUrl: string;
  readonly buffer: RedisServer;
  readonly timeseries: RedisServer;
  readonly victoria: VictoriaMetrics;
  readonly flux: ServiceProcess;
  readonly horizons: readonly ServiceProcess[];
  readonly servers: Readonly<Record<ServerName, ServerProcess>>;
  readonly links: Readonly<Record<Link, CuttingProxy>>;
  stop(): Promise<void>;
}

export interface SystemOptions {
  /** Another build of the services than the project's own. */
  readonly distFolder?: string;
  readonly settings?: Readonly<Record<string, string>>;
}

/** Starts everything and waits until it is ready. */
export async function startLedgerSystem({ distFolder, settings = {} }: SystemOptions = {}): Promise<LedgerSystem> {
  const [buffer, timeseries, victoria] = await Promise.all([startRedis(), startRedis(), startVictoriaMetrics()]);
  const shared = {
    FLUX_SELF_API_KEY: KEY,
    FLUX_RETRY_AFTER_SECONDS: "1",
    HORIZON_SHARDS: String(SHARDS),
    HORIZON_INTERVAL_SECONDS: "2",
    HORIZON_LEASE_SECONDS: "3",
    // All samples, so that each of them can be looked for.
    RTS_RESOLUTION_SECONDS: "0",
    VICTORIAMETRICS_SETTLE_SECONDS: String(SETTLE_SECONDS),
    REDIS_TIMEOUT_MS: "2000",
    VICTORIAMETRICS_TIMEOUT_MS: "3000",
    LOG_LEVEL: "info",
    ...settings,
  };
  const stores = { buffer: buffer.port, timeseries: timeseries.port, victoria: victoria.port };
  const toBuffer = await startCuttingProxy(buffer.port);
  const ways = [await startWays(stores), await startWays(stores)] as const;
  // "Answers" and not "ready": it may be started while what it needs is down.
  const build = { waitFor: "answers" as const, ...(distFolder !== undefined && { distFolder }) };
  const flux = await spawnService("flux", { ...shared, REDIS_URL: redisUrl(toBuffer) }, build);
  const horizons = [
    await spawnService("horizon", { ...storesOf(ways[0]), ...shared }, build),
    await spawnService("horizon", { ...storesOf(ways[1]), ...shared }, build),
  ] as const;
  const toFlux = await startCuttingProxy(Number(new URL(flux.intakeUrl).port));
  const links = {
    "sender-flux": toFlux,
    "flux-buffer": toBuffer,
    "horizon1-buffer": ways[0].buffer,
    "horizon1-timeseries": ways[0].timeseries,
    "horizon1-victoria": ways[0].victoria,
    "horizon2-buffer": ways[1].buffer,
    "horizon2-timeseries": ways[1].timeseries,
    "horizon2-victoria": ways[1].victoria,
  };
  const servers = { flux, horizon1: horizons[0], horizon2: horizons[1], buffer, timeseries, victoria };
  return {
    intakeUrl: `http://127.0.0.1:${toFlux.port}`,
    buffer,
    timeseries,
    victoria,
    flux,
    horizons,
    servers,
    links,
    stop: async () => {
      for (const server of [flux, ...horizons, buffer, timeseries, victoria]) {
        await server.stop();
      }
      await Promise.all(Object.values(links).map((link) => link.stop()));
    },
  };
}

/** The ways of one Horizon to its stores. */
interface Ways {
  readonly buffer: CuttingProxy;
  readonly timeseries: CuttingProxy;
  readonly victoria: CuttingProxy;
}

async function startWays(ports: Readonly<Record<keyof Ways, number>>): Promise<Ways> {
  return {
    buffer: await startCuttingProxy(ports.buffer),
    timeseries: await startCuttingProxy(ports.timeseries),
    victoria: await startCuttingProxy(ports.victoria),
  };
}

function storesOf({ buffer, timeseries, victoria }: Ways): Record<string, string> {
  return {
    REDIS_URL: redisUrl(buffer),
    RTS_REDIS_URL: redisUrl(timeseries),
    VICTORIAMETRICS_URL: `http://127.0.0.1:${victoria.port}`,
  };
}

function redisUrl({ port }: CuttingProxy): string {
  return `redis://127.0.0.1:${port}`;
}
