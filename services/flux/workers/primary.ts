import { Registry } from "prom-client";
import { type LoadResult, settingsThatNeedRestart, takeReloadable } from "../../../settings/load.ts";
import type { Settings } from "../../../settings/schema.ts";
import { DEFAULT_BACKOFF } from "../../shared/backoff.ts";
import type { Lifecycle } from "../../shared/lifecycle.ts";
import type { Logger } from "../../shared/logger.ts";
import type { Operations } from "../../shared/operations-server.ts";
import { addProcessMetrics } from "../../shared/process-metrics.ts";
import { readVersion } from "../../shared/version.ts";
import { describeFlux, inTurn, reloadedPolicy } from "../operations.ts";
import { PlaceGauges } from "../place-gauges.ts";
import { TrafficGate } from "../traffic-gate.ts";
import { SharedGate } from "./shared-gate.ts";
import { SummedMetrics } from "./summed-metrics.ts";
import { WorkerPool } from "./worker-pool.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** What a worker that does not stop gets on top of the time that it gives itself. */
export const STOP_MARGIN_MS = 1000;

export interface PrimaryParts {
  /** Those that the process started with. */
  readonly settings: Settings;
  readonly redisUrl: string;
  readonly logger: Logger;
  readonly lifecycle: Pick<Lifecycle, "onStop">;
  readonly loadSettings: () => Promise<LoadResult>;
  readonly fork: () => WorkerProcess;
  /** A worker cannot start at all, and says why, a sentence each. */
  readonly onHopeless: (problems: readonly string[]) => void;
  /** Makes them known to the operators, before any worker is started. */
  readonly openOperations: (operations: Operations) => Promise<void>;
}

/**
 * Runs the process that has workers take its requests. It takes none itself: it keeps FLUX_WORKERS of them running,
 * holds what is theirs together (limits of tenants, metrics, settings) and answers the operators.
 */
export async function runPrimary(parts: PrimaryParts): Promise<void> {
  const { settings, logger, lifecycle, fork, onHopeless } = parts;
  const registry = new Registry();
  addProcessMetrics(registry);
  const pool = new WorkerPool({
    settings,
    fork,
    backoff: DEFAULT_BACKOFF,
    now: Date.now,
    logger,
    gate: new SharedGate(new TrafficGate(Date.now)),
    metrics: new SummedMetrics(),
    places: new PlaceGauges([registry]),
    registry,
    onHopeless,
  });
  await parts.openOperations(poolOperations(pool, parts));
  lifecycle.onStop("workers", () => pool.stop(settings.FLUX_SHUTDOWN_TIMEOUT_MS + STOP_MARGIN_MS));
  pool.start();
}

/** The answers on the operations listener of a Flux of several workers. */
function poolOperations(pool: WorkerPool, parts: PrimaryParts): Operations {
  const version = readVersion();
  return {
    registry: {
      contentType: Registry.PROMETHEUS_CONTENT_TYPE,
      metrics: async () => (await pool.metrics()).metrics(),
    },
    logger: parts.logger,
    isReady: () => pool.readiness(),
    status: async () => {
      const metrics = await (await pool.metrics()).getMetricsAsJSON();
      return { ...describeFlux({ ...parts, version }, metrics), workers: pool.describe() };
    },
    reload: inTurn(() => reload(pool, parts)),
  };
}

async function reload(
  pool: WorkerPool,
  { settings, logger, loadSettings }: PrimaryParts,
): ReturnType<Operations["reload"]> {
  const refuse = (problems: readonly string[]) => {
    logger.error({ problems }, "The settings were not reloaded by all workers");
    return { ok: false as const, problems };
  };
  const loaded = await loadSettings();
  const made = loaded.ok ? reloadedPolicy(loaded.settings) : loaded;
  if (!loaded.ok || !made.ok) {
    return refuse(made.ok ? [] : made.problems);
  }
  const problems = await pool.reload(takeReloadable(settings, loaded.settings));
  if (problems.length > 0) {
    return refuse(problems);
  }
  const needRestart = settingsThatNeedRestart(settings, loaded.settings);
  logger.level = loaded.settings.LOG_LEVEL;
  logger.info({ needRestart }, "The settings were reloaded");
  return { ok: true, needRestart };
}
