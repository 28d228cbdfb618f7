import { type NodeExporter, startNodeExporter } from "./node-exporter.ts";
import { type Prometheus, type ScrapeJob, startPrometheus } from "./prometheus.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";
import { type ServiceProcess, spawnService } from "./service.ts";
import { wordsOfUndelivered } from "./undelivered.ts";
import { untilNothingIsMissing } from "./until.ts";
import { startVictoriaMetrics, type VictoriaMetrics } from "./victoria-metrics.ts";

export const TENANT = "acme";
export const SERVER = "prom-1";
/** May write for every tenant. */
export const SELF_KEY = "self-key-of-the-pipeline";
/** Stands for TENANT and SERVER: Debian's Prometheus sends no headers of its own, only an Authorization. */
const PROMETHEUS_KEY = "key-of-the-prometheus";

/** The whole path, every part of it real: node_exporter → Prometheus → Flux → Redis → Horizon → both stores. */
export interface Pipeline {
  readonly exporter: NodeExporter;
  readonly prometheus: Prometheus;
  readonly flux: ServiceProcess;
  readonly buffer: RedisServer;
  readonly timeSeries: RedisServer;
  /** Not there when something else receives what Horizon sends on. */
  readonly victoria: VictoriaMetrics | undefined;
  readonly settings: Readonly<Record<string, string>>;
  /** The Horizon that runs now. */
  horizon: ServiceProcess;
  readonly jobs: readonly ScrapeJob[];
  /** Starts another Horizon in place of one that was killed. */
  restartHorizon(): Promise<void>;
  /** Starts one more Horizon beside those that run. */
  addHorizon(): Promise<ServiceProcess>;
  /** Stops scraping and waits until everything scraped is in both stores. */
  drain(): Promise<void>;
  /** Waits until Horizon has delivered and settled everything that Flux has stored. */
  delivered(timeoutMs?: number): Promise<void>;
  stop(): Promise<void>;
}

export interface PipelineOptions {
  /** Settings of Flux and Horizon. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where Horizon writes instead of a VictoriaMetrics of the pipeline's own. */
  readonly receiverUrl?: string;
  /** What Prometheus scrapes beside node_exporter. */
  readonly jobs?: readonly ScrapeJob[];
  /** Where Prometheus writes beside Flux: entries of `remote_write`. @param intakeUrl of the Flux that runs by then. */
  readonly alsoWrites?: (intakeUrl: string) => Promise<readonly object[]>;
}

/** Of `remote_write`: so that samples are on their way at once. */
export const QUICK_QUEUE = { min_backoff: "100ms", max_backoff: "1s", batch_send_deadline: "1s" };

/** Starts the whole path; Prometheus scrapes node_exporter and itself every second. */
export async function startPipeline(options: PipelineOptions = {}): Promise<Pipeline> {
  const buffer = await startRedis();
  const timeSeries = await startRedis();
  const victoria = options.receiverUrl === undefined ? await startVictoriaMetrics() : undefined;
  const settings = {
    REDIS_URL: buffer.url,
    RTS_REDIS_URL: timeSeries.url,
    VICTORIAMETRICS_URL: options.receiverUrl ?? victoria?.url ?? "",
    FLUX_SELF_API_KEY: SELF_KEY,
    FLUX_API_KEYS: JSON.stringify({ [PROMETHEUS_KEY]: { namespace: TENANT, tenant: TENANT, server: SERVER } }),
    HORIZON_SHARDS: "1",
    HORIZON_INTERVAL_SECONDS: "2",
    HORIZON_LEASE_SECONDS: "3",
    RTS_RESOLUTION_SECONDS: "5",
    VICTORIAMETRICS_SETTLE_SECONDS: "1",
    FLUX_RETRY_AFTER_SECONDS: "1",
    REDIS_TIMEOUT_MS: "2000",
    VICTORIAMETRICS_TIMEOUT_MS: "3000",
    ...options.settings,
  };
  const flux = await spawnService("flux", settings);
  const exporter = await startNodeExporter();
  const jobs = [{ job: "node", targets: [exporter.target] }, ...(options.jobs ?? [])];
  const prometheus = await startPrometheus({
    scrape: jobs,
    remoteWrite: [
      {
        url: `${flux.intakeUrl}/prometheus/write`,
        authorization: { credentials: PROMETHEUS_KEY },
        queue_config: QUICK_QUEUE,
        metadata_config: { send_interval: "1s" },
      },
      ...((await options.alsoWrites?.(flux.intakeUrl)) ?? []),
    ],
  });
  const added: ServiceProcess[] = [];
  const pipeline: Pipeline = {
    exporter,
    prometheus,
    flux,
    buffer,
    timeSeries,
    victoria,
    settings,
    jobs,
    horizon: await spawnService("horizon", settings),
    restartHorizon: async () => {
      await pipeline.horizon.stop();
      pipeline.horizon = await spawnService("horizon", settings);
    },
    addHorizon: async () => {
      const horizon = await spawnService("horizon", settings);
      added.push(horizon);
      return horizon;
    },
    drain: async () => {
      await prometheus.scrapeOnly([]);
      await prometheus.sentAll();
      await pipeline.delivered();
    },
    delivered: (timeoutMs) =>
      untilNothingIsMissing(() => wordsOfUndelivered(buffer.url, Number(settings.HORIZON_SHARDS)), timeoutMs),
    stop: async () => {
      for (const server of [prometheus, flux, pipeline.horizon, ...added, exporter, victoria, buffer, timeSeries]) {
        await server?.stop();
      }
    },
  };
  return pipeline;
}
