import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { type ServiceProcess, spawnService } from "../support/service.ts";
import { undeliveredIn } from "../support/undelivered.ts";
import { startVictoriaMetrics, type VictoriaMetrics } from "../support/victoria-metrics.ts";
import type { ContestantOptions } from "./contestant.ts";
import { type FluxContestant, startFluxContestant } from "./flux-contestant.ts";
import { profileArgs } from "./profile-args.ts";

const POLL_MS = 250;
/** As docs/operations.md has it for a buffer that has its Redis to itself. */
const BUFFER_ARGS = ["--hz", "1"];
/** As there for a RedisTimeSeries that has. */
const RTS_BATCH_SAMPLES = "2000";

/** Flux, the buffer, Horizon and both stores; RedisTimeSeries has a Redis of its own. */
export interface WholePath {
  readonly flux: FluxContestant;
  readonly buffer: RedisServer;
  readonly horizon: ServiceProcess;
  readonly timeSeries: RedisServer;
  readonly victoria: VictoriaMetrics;
  /** Waits until everything that Flux has answered is in both stores, and settled. @throws when that takes too long. */
  untilDelivered(timeoutMs: number): Promise<void>;
  stop(): Promise<void>;
}

export interface WholePathOptions extends Pick<ContestantOptions, "profileFolder"> {
  /** Of Horizon. */
  readonly settings: Readonly<Record<string, string>>;
  /** Flags of VictoriaMetrics. */
  readonly victoriaArgs?: readonly string[];
}

/** Starts the whole path, with the settings that Flux and Horizon have by themselves but for these and those that are given. */
export async function startWholePath({ settings, victoriaArgs, profileFolder }: WholePathOptions): Promise<WholePath> {
  const buffer = await startRedis({ args: BUFFER_ARGS });
  const timeSeries = await startRedis();
  const victoria = await startVictoriaMetrics({ args: victoriaArgs ?? [] });
  const flux = await startFluxContestant(buffer.socketUrl, { profileFolder });
  const stores = {
    REDIS_URL: buffer.socketUrl,
    RTS_REDIS_URL: timeSeries.socketUrl,
    VICTORIAMETRICS_URL: victoria.url,
  };
  const own = { ...stores, RTS_BATCH_SAMPLES, LOG_LEVEL: "warn", ...settings };
  const horizon = await spawnService("horizon", own, { nodeArgs: profileArgs(profileFolder) });
  // Held open: what Redis does for a new connection would count as the path's own.
  const watch = new Redis(buffer.url);
  return {
    ...{ flux, buffer, horizon, timeSeries, victoria },
    untilDelivered: (timeoutMs) => untilDelivered(watch, timeoutMs),
    stop: async () => {
      watch.disconnect();
      for (const server of [flux, horizon, buffer, timeSeries, victoria]) {
        await server.stop();
      }
    },
  };
}

/** The buffer is asked, and not often: to show its metrics would cost Horizon the CPU time that is measured. */
async function untilDelivered(buffer: Redis, timeoutMs: number): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs;
  for (let waiting = await undeliveredIn(buffer); waiting !== undefined; waiting = await undeliveredIn(buffer)) {
    if (Date.now() > deadlineMs) {
      throw new Error(`Horizon has not delivered everything within ${timeoutMs} ms: ${JSON.stringify(waiting)}`);
    }
    await delay(POLL_MS);
  }
}
