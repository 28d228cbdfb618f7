import cluster from "node:cluster";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { loadSettings } from "../../settings/load.ts";
import type { Settings } from "../../settings/schema.ts";
import { createLifecycle, type Lifecycle } from "../shared/lifecycle.ts";
import { createLogger, type Logger } from "../shared/logger.ts";
import { type Operations, openOperationsServer } from "../shared/operations-server.ts";
import { runFluxProcess } from "./flux-process.ts";
import { FLUX_V8_OPTION } from "./node-options.ts";
import { fluxOperations } from "./operations.ts";
import { type Policy, policyFrom } from "./policy.ts";
import { missingKeys } from "./required-settings.ts";
import { TrafficGate } from "./traffic-gate.ts";
import { runPrimary, STOP_MARGIN_MS } from "./workers/primary.ts";
import { processChannel } from "./workers/process-channel.ts";
import { runWorker } from "./workers/worker.ts";
import { clusterWorkerProcess } from "./workers/worker-process.ts";

const exit = (code: number) => process.exit(code);

setFlagsFromString(FLUX_V8_OPTION);
if (cluster.isWorker) {
  runWorker({ channel: processChannel(process), source: process, exit });
} else {
  await startFlux().catch((error: unknown) => fail([error instanceof Error ? error.message : String(error)]));
}

/** Starts the Flux that the settings describe: in this process, or in workers of it. */
async function startFlux(): Promise<void> {
  const loaded = await loadSettings(process.env);
  const made = loaded.ok ? policyFrom(loaded.settings) : loaded;
  if (!loaded.ok || !made.ok) {
    return fail(made.ok ? [] : made.problems);
  }
  const { REDIS_URL: redisUrl, FLUX_WORKERS } = loaded.settings;
  if (redisUrl === undefined) {
    return fail([
      "cannot start Flux: REDIS_URL is not set; set it, or use `npm start`, which brings a Redis of its own",
    ]);
  }
  const missing = missingKeys(loaded.settings);
  if (missing.length > 0) {
    return fail(missing);
  }
  return FLUX_WORKERS === 1
    ? runAlone(loaded.settings, redisUrl, made.policy)
    : runWithWorkers(loaded.settings, redisUrl);
}

async function runAlone(settings: Settings, redisUrl: string, policy: Policy): Promise<void> {
  const { logger, lifecycle } = begin(settings, settings.FLUX_SHUTDOWN_TIMEOUT_MS);
  await runFluxProcess({
    ...{ settings, redisUrl, policy, logger, lifecycle },
    gate: new TrafficGate(Date.now),
    openOperations: (state) => openOperations(fluxOperations(state, readSettings), settings, lifecycle),
  });
}

async function runWithWorkers(settings: Settings, redisUrl: string): Promise<void> {
  // Twice the margin: workers that do not stop are ended before this process gives up.
  const { logger, lifecycle } = begin(settings, settings.FLUX_SHUTDOWN_TIMEOUT_MS + 2 * STOP_MARGIN_MS);
  // JSON, the default, has no NaN and no infinity, which metrics can be.
  cluster.setupPrimary({ serialization: "advanced" });
  await runPrimary({
    ...{ settings, redisUrl, logger, lifecycle },
    loadSettings: readSettings,
    fork: () => clusterWorkerProcess(cluster.fork()),
    onHopeless: fail,
    openOperations: (operations) => openOperations(operations, settings, lifecycle),
  });
}

function begin({ LOG_LEVEL }: Settings, timeoutMs: number): { logger: Logger; lifecycle: Lifecycle } {
  const logger = createLogger("flux", LOG_LEVEL);
  return { logger, lifecycle: createLifecycle({ logger, timeoutMs, exit }) };
}

function readSettings(): ReturnType<typeof loadSettings> {
  return loadSettings(process.env);
}

async function openOperations(operations: Operations, settings: Settings, lifecycle: Lifecycle): Promise<void> {
  lifecycle.handleSignals(process, operations.reload);
  const { FLUX_ADMIN_HOST: host, FLUX_ADMIN_PORT: port } = settings;
  const server = await openOperationsServer({ ...operations, host, port }).catch((error: unknown) => {
    const problem = error instanceof Error ? error.message : String(error);
    throw new Error(`${problem}; set FLUX_ADMIN_PORT to another one`, { cause: error });
  });
  lifecycle.onStop("operations server", () => server.close());
}

/** Says what is wrong, a line each, and ends the process. */
function fail(problems: readonly string[]): never {
  process.stderr.write(`${problems.join("\n")}\n`);
  process.exit(1);
}
