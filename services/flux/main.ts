import process from "node:process";
import { Registry } from "prom-client";
import { loadSettings } from "../../settings/load.ts";
import type { Settings } from "../../settings/schema.ts";
import { createLifecycle, type Lifecycle } from "../shared/lifecycle.ts";
import { createLogger } from "../shared/logger.ts";
import { openOperationsServer } from "../shared/operations-server.ts";
import { connectRedis } from "../shared/redis-connection.ts";
import { createSeriesHasher } from "../shared/series-id.ts";
import { readVersion } from "../shared/version.ts";
import { CertificateFiles } from "./http/certificate-files.ts";
import { openIntake } from "./open-intake.ts";
import { type FluxState, fluxOperations } from "./operations.ts";
import { type Policy, policyFrom } from "./policy.ts";
import { missingKeys } from "./required-settings.ts";
import { waitForDurableRedis } from "./wait-for-durable-redis.ts";
import { wireFlux } from "./wire-flux.ts";

const loaded = await loadSettings(process.env);
const made = loaded.ok ? policyFrom(loaded.settings) : loaded;
if (!loaded.ok || !made.ok) {
  fail(made.ok ? [] : made.problems);
} else if (loaded.settings.REDIS_URL === undefined) {
  fail(["cannot start Flux: REDIS_URL is not set; set it, or use `npm start`, which brings a Redis of its own"]);
} else if (missingKeys(loaded.settings).length > 0) {
  fail(missingKeys(loaded.settings));
} else {
  await run(loaded.settings, loaded.settings.REDIS_URL, made.policy).catch((error: unknown) =>
    fail([messageOf(error)]),
  );
}

async function run(settings: Settings, redisUrl: string, policy: Policy): Promise<void> {
  const certificateFiles = await openCertificate(settings);
  const logger = createLogger("flux", settings.LOG_LEVEL);
  const exit = (code: number) => process.exit(code);
  const lifecycle = createLifecycle({ logger, timeoutMs: settings.FLUX_SHUTDOWN_TIMEOUT_MS, exit });
  const redis = connectRedis(redisUrl, { name: "flux", timeoutMs: settings.REDIS_TIMEOUT_MS, logger });
  lifecycle.onStop("redis", () => redis.disconnect());

  const registry = new Registry();
  const hasher = await createSeriesHasher();
  const flux = wireFlux({ settings, policy: () => state.policy, redis, registry, hasher, logger, now: Date.now });
  const state: FluxState = {
    version: readVersion(),
    redis,
    redisUrl,
    registry,
    streams: flux.streams,
    gate: flux.gate,
    metrics: flux.metrics,
    certificateFiles,
    logger,
    loadSettings: () => loadSettings(process.env),
    settings,
    policy,
    isListening: false,
  };
  lifecycle.signal.addEventListener("abort", () => {
    state.isListening = false;
  });
  await openOperations(state, lifecycle);
  await waitForDurableRedis(redis, logger, lifecycle.signal);
  if (!lifecycle.signal.aborted) {
    await openIntake({ flux, settings, certificateFiles, registry, logger, lifecycle });
    state.isListening = !lifecycle.signal.aborted;
  }
}

async function openOperations(state: FluxState, lifecycle: Lifecycle): Promise<void> {
  const operations = fluxOperations(state);
  lifecycle.handleSignals(process, operations.reload);
  const { FLUX_ADMIN_HOST: host, FLUX_ADMIN_PORT: port } = state.settings;
  const server = await openOperationsServer({ ...operations, host, port }).catch((error: unknown) =>
    fail([`${messageOf(error)}; set FLUX_ADMIN_PORT to another one`]),
  );
  lifecycle.onStop("operations server", () => server.close());
}

/** The certificate that the settings name, if any. Ends the process where it cannot be used. */
async function openCertificate(settings: Settings): Promise<CertificateFiles | undefined> {
  const { FLUX_TLS_CERT_FILE: certFile, FLUX_TLS_KEY_FILE: keyFile, FLUX_TLS_CLIENT_CA_FILE: clientCaFile } = settings;
  if (certFile === undefined || keyFile === undefined) {
    return undefined;
  }
  const opened = await CertificateFiles.open({ certFile, keyFile, clientCaFile });
  return opened.ok ? opened.files : fail([opened.problem]);
}

/** Says what is wrong, a line each, and ends the process. */
function fail(problems: readonly string[]): never {
  process.stderr.write(`${problems.join("\n")}\n`);
  process.exit(1);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
