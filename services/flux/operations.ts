import type { Redis } from "ioredis";
import type { Registry } from "prom-client";
import { type LoadResult, settingsThatNeedRestart } from "../../settings/load.ts";
import type { Settings } from "../../settings/schema.ts";
import type { Logger } from "../shared/logger.ts";
import type { Operations } from "../shared/operations-server.ts";
import { redactUrl } from "../shared/redact-url.ts";
import type { CertificateFiles } from "./http/certificate-files.ts";
import type { StreamTable } from "./intake/stream-table.ts";
import type { FluxMetrics } from "./metrics.ts";
import { type Policy, policyFrom } from "./policy.ts";
import { missingKeys } from "./required-settings.ts";
import type { TrafficGate } from "./traffic-gate.ts";

/** What the operations routes look at and change. */
export interface FluxState {
  readonly version: string;
  readonly redis: Pick<Redis, "ping">;
  readonly redisUrl: string;
  readonly registry: Registry;
  readonly streams: StreamTable;
  readonly gate: TrafficGate;
  readonly metrics: Pick<FluxMetrics, "forgetPlaces">;
  /** Where the intake speaks TLS. */
  readonly certificateFiles: Pick<CertificateFiles, "refresh"> | undefined;
  readonly logger: Logger;
  readonly loadSettings: () => Promise<LoadResult>;
  /** Those that the process started with. */
  readonly settings: Settings;
  /** Replaced on reload. */
  policy: Policy;
  /** Whether the intake accepts requests. */
  isListening: boolean;
}

/** Flux's answers on the operations listener. */
export function fluxOperations(state: FluxState): Operations {
  let reloading: Promise<unknown> = Promise.resolve();
  return {
    registry: state.registry,
    logger: state.logger,
    isReady: () => readiness(state),
    status: () => status(state),
    // One after the other: the last one asked for must be the one that stays.
    reload: () => {
      const next = reloading.then(() => reload(state));
      reloading = next.catch(() => undefined);
      return next;
    },
  };
}

async function readiness(state: FluxState): ReturnType<Operations["isReady"]> {
  const redis = await state.redis.ping().then(
    () => "ok",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const intake = state.isListening ? "ok" : "not listening";
  return { ready: redis === "ok" && intake === "ok", detail: { redis, intake } };
}

async function status(state: FluxState): Promise<object> {
  const metrics = await state.registry.getMetricsAsJSON();
  const total = (name: string) =>
    metrics.find((metric) => metric.name === name)?.values.reduce((sum, { value }) => sum + value, 0) ?? 0;
  return {
    service: "flux",
    version: state.version,
    redis: redactUrl(state.redisUrl),
    bufferFormat: state.settings.BUFFER_FORMAT,
    shards: state.settings.HORIZON_SHARDS,
    samples: {
      received: total("flux_samples_received_total"),
      stored: total("flux_samples_stored_total"),
      dropped: total("flux_samples_dropped_total"),
      refused: total("flux_samples_refused_total"),
    },
    requests: total("flux_requests_total"),
    knownSeries: total("flux_series_table_size"),
  };
}

/** Takes up new settings and a new certificate; where anything is wrong, all the old ones stay. */
async function reload(state: FluxState): ReturnType<Operations["reload"]> {
  const keepOld = (problems: readonly string[]) => {
    state.logger.error({ problems }, "The settings were not reloaded; the old ones stay");
    return { ok: false as const, problems };
  };
  const loaded = await state.loadSettings();
  if (!loaded.ok) {
    return keepOld(loaded.problems);
  }
  // Senders give up for good what is answered 403, so a file that has lost its keys must not be taken up.
  const missing = missingKeys(loaded.settings);
  const made = missing.length > 0 ? { ok: false as const, problems: missing } : policyFrom(loaded.settings);
  if (!made.ok) {
    return keepOld(made.problems);
  }
  const refreshed = await state.certificateFiles?.refresh();
  if (refreshed?.ok === false) {
    return keepOld([refreshed.problem]);
  }
  const needRestart = settingsThatNeedRestart(state.settings, loaded.settings);
  state.policy = made.policy;
  // What is remembered was decided by the old rules.
  state.streams.clear();
  state.metrics.forgetPlaces();
  // Keys are known by their number, which may have changed.
  state.gate.clear();
  state.logger.level = loaded.settings.LOG_LEVEL;
  state.logger.info({ needRestart }, "The settings were reloaded");
  return { ok: true, needRestart };
}
