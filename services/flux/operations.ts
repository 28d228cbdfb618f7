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
import type { Gate } from "./traffic-gate.ts";

/** What the operations routes look at and change. */
export interface FluxState {
  readonly version: string;
  readonly redis: Pick<Redis, "ping">;
  readonly redisUrl: string;
  readonly registry: Registry;
  readonly streams: StreamTable;
  readonly gate: Pick<Gate, "clear">;
  readonly metrics: Pick<FluxMetrics, "forgetPlaces">;
  /** Where the intake speaks TLS. */
  readonly certificateFiles: Pick<CertificateFiles, "prepare"> | undefined;
  readonly logger: Logger;
  /** Those that the process started with. */
  readonly settings: Settings;
  /** Replaced on reload. */
  policy: Policy;
  /** Whether the intake accepts requests. */
  isListening: boolean;
}

/** The answers on the operations listener of a Flux of one process. @param loadSettings reads them again. */
export function fluxOperations(state: FluxState, loadSettings: () => Promise<LoadResult>): Operations {
  return {
    registry: state.registry,
    logger: state.logger,
    isReady: () => readiness(state),
    status: () => status(state),
    reload: inTurn(async () => reload(state, await loadSettings())),
  };
}

/** A reload that begins when those before it have ended: the last one asked for must be the one that stays. */
export function inTurn(reload: Operations["reload"]): Operations["reload"] {
  let latest: Promise<unknown> = Promise.resolve();
  return () => {
    const next = latest.then(reload);
    latest = next.catch(() => undefined);
    return next;
  };
}

/** Whether Redis answers and the intake listens. */
export async function readiness(state: Pick<FluxState, "redis" | "isListening">): ReturnType<Operations["isReady"]> {
  const redis = await state.redis.ping().then(
    () => "ok",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const intake = state.isListening ? "ok" : "not listening";
  return { ready: redis === "ok" && intake === "ok", detail: { redis, intake } };
}

async function status(state: FluxState): Promise<object> {
  return describeFlux(state, await state.registry.getMetricsAsJSON());
}

/** A metric as a registry tells it. */
export interface MetricValues {
  readonly name: string;
  readonly values: readonly { readonly value: number }[];
}

/** What /-/status says of a Flux, whether one process or several. */
export function describeFlux(
  { version, redisUrl, settings }: Pick<FluxState, "version" | "redisUrl" | "settings">,
  metrics: readonly MetricValues[],
): object {
  const total = (name: string) =>
    metrics.find((metric) => metric.name === name)?.values.reduce((sum, { value }) => sum + value, 0) ?? 0;
  return {
    service: "flux",
    version,
    redis: redactUrl(redisUrl),
    bufferFormat: settings.BUFFER_FORMAT,
    shards: settings.HORIZON_SHARDS,
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
async function reload(state: FluxState, loaded: LoadResult): ReturnType<Operations["reload"]> {
  const prepared = loaded.ok ? await prepareReload(state, loaded.settings) : loaded;
  if (!loaded.ok || !prepared.ok) {
    const problems = prepared.ok ? [] : prepared.problems;
    state.logger.error({ problems }, "The settings were not reloaded; the old ones stay");
    return { ok: false, problems };
  }
  const needRestart = settingsThatNeedRestart(state.settings, loaded.settings);
  prepared.take();
  state.logger.info({ needRestart }, "The settings were reloaded");
  return { ok: true, needRestart };
}

/** The policy of settings that a running Flux is to take up, or what is wrong with them. */
export function reloadedPolicy(settings: Settings): ReturnType<typeof policyFrom> {
  // Senders give up for good what is answered 403, so a file that has lost its keys must not be taken up.
  const problems = missingKeys(settings);
  return problems.length > 0 ? { ok: false, problems } : policyFrom(settings);
}

/** New settings and a new certificate that can be used, `take` does, or what is wrong with them. */
export type PreparedReload =
  | { readonly ok: true; take(): void }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Checks new settings and the certificate's files; until the result is taken, all the old ones stay. */
export async function prepareReload(state: FluxState, settings: Settings): Promise<PreparedReload> {
  const made = reloadedPolicy(settings);
  if (!made.ok) {
    return made;
  }
  const certificate = await state.certificateFiles?.prepare();
  if (certificate?.ok === false) {
    return { ok: false, problems: [certificate.problem] };
  }
  const take = () => {
    certificate?.take();
    state.policy = made.policy;
    // What is remembered was decided by the old rules.
    state.streams.clear();
    state.metrics.forgetPlaces();
    // Keys are known by their number, which may have changed.
    state.gate.clear();
    state.logger.level = settings.LOG_LEVEL;
  };
  return { ok: true, take };
}
