import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Settings } from "../../settings/schema.ts";
import { FLUX_NODE_OPTIONS } from "../flux/node-options.ts";
import { HORIZON_NODE_OPTIONS } from "../horizon/node-options.ts";
import { type Address, hostAndPort } from "./addresses.ts";
import type { DataFolder } from "./data-folder.ts";
import { demoPrometheusConfig } from "./demo-config.ts";
import type { Part, RedisPart } from "./parts/part.ts";
import {
  nodeExporterArguments,
  prometheusArguments,
  redisArguments,
  victoriaMetricsArguments,
} from "./server-arguments.ts";
import { checkHttp, checkRedis } from "./supervise/readiness.ts";
import type { ServerPlan } from "./supervise/supervised-server.ts";

const STORE_STOP_TIMEOUT_MS = 60_000;
const DEMO_STOP_TIMEOUT_MS = 15_000;
/** What Flux and Horizon get on top of the time that they give themselves. */
const SERVICE_STOP_MARGIN_MS = 5000;

/** The local Redis. */
export function redisPlan(part: RedisPart, port: number, data: DataFolder, env: NodeJS.ProcessEnv): ServerPlan {
  return {
    name: "Redis",
    program: part.program,
    args: redisArguments({ port, dir: data.redis, timeSeriesModule: part.timeSeriesModule, socket: data.redisSocket }),
    env,
    logPath: logPath(data, "redis"),
    ipc: false,
    stopTimeoutMs: STORE_STOP_TIMEOUT_MS,
    notReady: () => checkRedis("127.0.0.1", port),
  };
}

/** The local VictoriaMetrics. */
export function victoriaMetricsPlan(
  part: Part,
  port: number,
  data: DataFolder,
  settings: Settings,
  env: NodeJS.ProcessEnv,
): ServerPlan {
  return {
    name: "VictoriaMetrics",
    program: part.program,
    args: victoriaMetricsArguments({
      port,
      dir: data.victoriaMetrics,
      retention: settings.LOCAL_VICTORIAMETRICS_RETENTION,
      maxLabels: settings.FLUX_MAX_LABELS_PER_SERIES,
      maxLabelValueBytes: settings.FLUX_MAX_LABEL_VALUE_BYTES,
    }),
    env,
    logPath: logPath(data, "victoria-metrics"),
    ipc: false,
    stopTimeoutMs: STORE_STOP_TIMEOUT_MS,
    notReady: () => checkHttp(`http://127.0.0.1:${port}/health`),
  };
}

/** Flux or Horizon: this project's own services, compiled beside this file. */
export function servicePlan(
  service: "flux" | "horizon",
  admin: Address,
  shutdownTimeoutMs: number,
  data: DataFolder,
  env: NodeJS.ProcessEnv,
): ServerPlan {
  const main = fileURLToPath(new URL(`../${service}/main.js`, import.meta.url));
  return {
    name: service === "flux" ? "Flux" : "Horizon",
    program: process.execPath,
    args: ["--enable-source-maps", ...(service === "flux" ? FLUX_NODE_OPTIONS : HORIZON_NODE_OPTIONS), main],
    env,
    logPath: logPath(data, service),
    ipc: true,
    stopTimeoutMs: shutdownTimeoutMs + SERVICE_STOP_MARGIN_MS,
    notReady: () => checkHttp(`http://${hostAndPort(admin)}/-/ready`),
  };
}

/** What the demonstration runs, and where. */
export interface Demo {
  readonly prometheus: Part;
  readonly nodeExporter: Part;
  readonly prometheusPort: number;
  readonly nodeExporterPort: number;
  readonly fluxUrl: string;
  readonly key: string;
}

/** The demonstration's servers, in the order in which they start. Writes the configuration of the second. */
export function demoPlans(demo: Demo, data: DataFolder, env: NodeJS.ProcessEnv): ServerPlan[] {
  const prometheus = `127.0.0.1:${demo.prometheusPort}`;
  const nodeExporter = `127.0.0.1:${demo.nodeExporterPort}`;
  const configFile = join(data.demo, "prometheus.yml");
  const dir = join(data.demo, "prometheus");
  mkdirSync(dir, { recursive: true });
  writeFileSync(configFile, demoPrometheusConfig({ prometheus, nodeExporter, fluxUrl: demo.fluxUrl, key: demo.key }), {
    mode: 0o600,
  });
  // An older file keeps its mode when it is written again, and the key is in it.
  chmodSync(configFile, 0o600);
  const common = { env, ipc: false, stopTimeoutMs: DEMO_STOP_TIMEOUT_MS };
  return [
    {
      ...common,
      name: "node_exporter",
      program: demo.nodeExporter.program,
      args: nodeExporterArguments(demo.nodeExporterPort),
      logPath: logPath(data, "node-exporter"),
      notReady: () => checkHttp(`http://${nodeExporter}/`),
    },
    {
      ...common,
      name: "Prometheus",
      program: demo.prometheus.program,
      args: [
        ...prometheusArguments({
          port: demo.prometheusPort,
          dir,
          configFile,
          webAssets: demo.prometheus.webAssets,
          // It needs to keep little: VictoriaMetrics has the data.
          retention: "1d",
        }),
        // How long it goes on trying to write when it is to stop and Flux is gone.
        "--storage.remote.flush-deadline=5s",
      ],
      logPath: logPath(data, "prometheus"),
      notReady: () => checkHttp(`http://${prometheus}/-/ready`),
    },
  ];
}

function logPath(data: DataFolder, name: string): string {
  return join(data.logs, `${name}.log`);
}
