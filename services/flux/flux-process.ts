import type { Redis } from "ioredis";
import { Registry } from "prom-client";
import type { Settings } from "../../settings/schema.ts";
import type { Lifecycle } from "../shared/lifecycle.ts";
import type { Logger } from "../shared/logger.ts";
import { connectRedis } from "../shared/redis-connection.ts";
import { createSeriesHasher } from "../shared/series-id.ts";
import { readVersion } from "../shared/version.ts";
import type { Flux } from "./handle-write.ts";
import { CertificateFiles } from "./http/certificate-files.ts";
import { openIntake, type WorkerPlace } from "./open-intake.ts";
import type { FluxState } from "./operations.ts";
import type { Places } from "./place-gauges.ts";
import type { Policy } from "./policy.ts";
import type { Gate } from "./traffic-gate.ts";
import { waitForDurableRedis } from "./wait-for-durable-redis.ts";
import { wireFlux } from "./wire-flux.ts";

/** What a process that takes requests is given; a single one and a worker of several differ in nothing else. */
export interface FluxProcessParts {
  readonly settings: Settings;
  readonly redisUrl: string;
  readonly policy: Policy;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  readonly gate: Gate;
  /** Where they are not shown by the process' own registry. */
  readonly places?: Places;
  /** Undefined where it is the only one. */
  readonly place?: WorkerPlace;
  /** Makes the process known to its operators. Called before anything is waited for. */
  readonly openOperations: (state: FluxState) => Promise<void>;
}

/**
 * Runs a process that takes requests: opens its operations, waits for a Redis that may be used, and opens the intake.
 * @throws Error with one sentence for the operator where it cannot run.
 */
export async function runFluxProcess(parts: FluxProcessParts): Promise<void> {
  const { settings, redisUrl, logger, lifecycle, place } = parts;
  const certificateFiles = await openCertificate(settings);
  const redis = connectRedis(redisUrl, { name: "flux", timeoutMs: settings.REDIS_TIMEOUT_MS, logger });
  lifecycle.onStop("redis", () => redis.disconnect());
  const { flux, state } = await buildProcess(parts, redis, certificateFiles);
  lifecycle.signal.addEventListener("abort", () => {
    state.isListening = false;
  });
  await parts.openOperations(state);
  await waitForDurableRedis(redis, logger, lifecycle.signal);
  if (!lifecycle.signal.aborted) {
    await openIntake({ flux, settings, place, certificateFiles, registry: state.registry, logger, lifecycle });
    state.isListening = !lifecycle.signal.aborted;
  }
}

async function buildProcess(
  { settings, redisUrl, policy, logger, gate, places }: FluxProcessParts,
  redis: Redis,
  certificateFiles: CertificateFiles | undefined,
): Promise<{ flux: Flux; state: FluxState }> {
  const registry = new Registry();
  const hasher = await createSeriesHasher();
  const policyNow = () => state.policy;
  const flux = wireFlux({ settings, policy: policyNow, redis, registry, gate, places, hasher, logger, now: Date.now });
  const state: FluxState = {
    version: readVersion(),
    redis,
    redisUrl,
    registry,
    streams: flux.streams,
    gate,
    metrics: flux.metrics,
    certificateFiles,
    logger,
    settings,
    policy,
    isListening: false,
  };
  return { flux, state };
}

/** The certificate that the settings name, if any. @throws Error with one sentence where it cannot be used. */
async function openCertificate(settings: Settings): Promise<CertificateFiles | undefined> {
  const { FLUX_TLS_CERT_FILE: certFile, FLUX_TLS_KEY_FILE: keyFile, FLUX_TLS_CLIENT_CA_FILE: clientCaFile } = settings;
  if (certFile === undefined || keyFile === undefined) {
    return undefined;
  }
  const opened = await CertificateFiles.open({ certFile, keyFile, clientCaFile });
  if (!opened.ok) {
    throw new Error(opened.problem);
  }
  return opened.files;
}
