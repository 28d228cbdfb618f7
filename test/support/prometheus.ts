import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { pickFreePort } from "../../services/local/ports.ts";
import { prometheusArguments } from "../../services/local/server-arguments.ts";
import { checkHttp } from "../../services/local/supervise/readiness.ts";
import { httpText } from "./http-text.ts";
import { metricValue, metricValues } from "./metric-value.ts";
import { part } from "./parts.ts";
import { type ServerProcess, startServerProcess } from "./server-process.ts";
import { createTempFolder } from "./temp-folder.ts";
import { untilNothingIsMissing } from "./until.ts";
import type { StoredSeries } from "./victoria-metrics.ts";

/** A job to scrape. Targets are host:port. */
export interface ScrapeJob {
  readonly job: string;
  readonly targets: readonly string[];
  /** Prometheus' own notation, such as "1s". */
  readonly interval?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface PrometheusOptions {
  readonly scrape?: readonly ScrapeJob[];
  /** The entries of `remote_write`: one, several, or YAML that holds them, with or without the `remote_write:` line. */
  readonly remoteWrite?: string | object | readonly object[];
  /** Takes remote_write itself, at /api/v1/write. */
  readonly receiver?: boolean;
  /** How long it keeps samples (default: for ever). */
  readonly retention?: string;
  /** Further parts of the configuration, such as `storage` or `global`. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly args?: readonly string[];
  readonly port?: number;
}

/** A real Prometheus. */
export interface Prometheus extends ServerProcess {
  readonly url: string;
  readonly port: number;
  /** host:port, as a scrape target. */
  readonly target: string;
  /** Where another Prometheus writes to, when this one is a receiver. */
  readonly writeUrl: string;
  readonly dir: string;
  /** The instant vector of a query, one sample per series. */
  query(query: string, atSeconds?: number): Promise<StoredSeries[]>;
  /**
   * The samples that the series of a selector hold in the `rangeSeconds` before `atSeconds` (exclusive, inclusive), with
   * all their bits. Stale markers are left out: Prometheus' query API does not give them.
   */
  rawSamples(selector: string, atSeconds: number, rangeSeconds: number): Promise<StoredSeries[]>;
  /** Scrapes these jobs from now on, and has begun to when this returns. Series of jobs that are gone get no stale markers, as when Prometheus stops. */
  scrapeOnly(jobs: readonly ScrapeJob[]): Promise<void>;
  /** Waits until everything that was scraped has been taken by every `remote_write` target. */
  sentAll(timeoutMs?: number): Promise<void>;
}

/** Starts a Prometheus on a free port with an empty data folder. */
export async function startPrometheus(options: PrometheusOptions = {}): Promise<Prometheus> {
  const { program, webAssets } = await part("prometheus");
  const port = options.port ?? (await pickFreePort("127.0.0.1"));
  const folder = createTempFolder();
  const configFile = join(folder.path, "prometheus.yml");
  const dir = join(folder.path, "data");
  mkdirSync(dir);
  writeFileSync(configFile, prometheusConfig(options));
  const url = `http://127.0.0.1:${port}`;
  const server = await startServerProcess({
    name: "Prometheus",
    program,
    args: [
      ...prometheusArguments({ port, dir, configFile, webAssets, retention: options.retention ?? "100y" }),
      ...(options.receiver ? ["--web.enable-remote-write-receiver"] : []),
      ...(options.args ?? []),
    ],
    notReady: () => checkHttp(`${url}/-/ready`),
    cleanUp: folder.remove,
  });
  const query = async (text: string, atSeconds?: number) =>
    parseQueryResult(
      await httpText(`${url}/api/v1/query`, {
        query: text,
        ...(atSeconds === undefined ? {} : { time: String(atSeconds) }),
      }),
    );
  return Object.assign(server, {
    url,
    port,
    target: `127.0.0.1:${port}`,
    writeUrl: `${url}/api/v1/write`,
    dir,
    query,
    rawSamples: (selector: string, atSeconds: number, rangeSeconds: number) =>
      query(`${selector}[${Math.ceil(rangeSeconds)}s]`, atSeconds),
    scrapeOnly: async (jobs: readonly ScrapeJob[]) => {
      writeFileSync(configFile, prometheusConfig({ ...options, scrape: jobs }));
      const reloaded = () => metricValue(`${url}/metrics`, "prometheus_config_last_reload_success_timestamp_seconds");
      const before = await reloaded();
      // Prometheus counts reloads in whole seconds: a second one within the same would not show.
      await untilNothingIsMissing(async () =>
        Date.now() / 1000 > before + 1 ? undefined : "the second of the last reload is over",
      );
      process.kill(server.pid, "SIGHUP");
      await untilNothingIsMissing(async () =>
        (await reloaded()) > before ? undefined : "Prometheus has not reloaded",
      );
      if (jobs.length > 0) {
        await waitForScrapes(url);
      }
    },
    sentAll: (timeoutMs?: number) => untilNothingIsMissing(() => unsentSamples(url), timeoutMs),
  });
}

/** Prometheus looks at new targets some seconds after it was told of them. */
async function waitForScrapes(url: string): Promise<void> {
  const scraped = () => metricValue(`${url}/metrics`, "prometheus_remote_storage_samples_in_total");
  const before = await scraped();
  await untilNothingIsMissing(async () => ((await scraped()) > before ? undefined : "Prometheus does not scrape"));
}

/** How long a scrape that was under way when its job was removed may take to be appended. */
const APPEND_MS = 1500;

/** Says what a Prometheus has yet to send, or nothing when its queues have been empty for a while. */
async function unsentSamples(url: string): Promise<string | undefined> {
  const deadline = Date.now() + APPEND_MS;
  while (Date.now() < deadline) {
    const metrics = `${url}/metrics`;
    const pending = await metricValue(metrics, "prometheus_remote_storage_samples_pending");
    const appended = await metricValue(metrics, "prometheus_remote_storage_highest_timestamp_in_seconds");
    const sent = Math.min(
      ...(await metricValues(metrics, "prometheus_remote_storage_queue_highest_sent_timestamp_seconds")),
    );
    if (pending > 0 || sent < appended) {
      return `${pending} samples pending, sent up to ${sent} of ${appended}`;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return undefined;
}

/** The configuration file of a Prometheus. */
export function prometheusConfig(options: PrometheusOptions): string {
  const jobs = (options.scrape ?? []).map(({ job, targets, interval = "1s", labels }) => ({
    job_name: job,
    scrape_interval: interval,
    scrape_timeout: interval,
    static_configs: [{ targets, ...(labels ? { labels } : {}) }],
  }));
  return stringify({
    scrape_configs: jobs,
    remote_write: remoteWriteEntries(options.remoteWrite),
    ...options.config,
  });
}

function remoteWriteEntries(remoteWrite: PrometheusOptions["remoteWrite"]): unknown[] {
  const value: unknown = typeof remoteWrite === "string" ? parse(remoteWrite) : remoteWrite;
  if (value === undefined || value === null) {
    return [];
  }
  const inner: unknown = typeof value === "object" && "remote_write" in value ? value.remote_write : value;
  return Array.isArray(inner) ? inner : [inner];
}

const sample = z.tuple([z.number(), z.string()]);
const queryResult = z.object({
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        value: sample.optional(),
        values: z.array(sample).optional(),
      }),
    ),
  }),
});

function parseQueryResult(text: string): StoredSeries[] {
  return queryResult.parse(JSON.parse(text)).data.result.map(({ metric, value, values }) => ({
    labels: metric,
    samples: (values ?? (value ? [value] : [])).map(([seconds, number]) => ({
      timestampMs: Math.round(seconds * 1000),
      value: Number(number.replace(/Inf$/, "Infinity")),
    })),
  }));
}
