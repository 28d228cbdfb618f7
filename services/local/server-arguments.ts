/*
 * The command lines of the servers that we run beside Flux and Horizon.
 */

/** How the local Redis is run. `dir` must exist; the module's path must be absolute. */
export interface RedisRun {
  readonly port: number;
  readonly dir: string;
  readonly timeSeriesModule: string;
  /** Path of the socket that it listens on beside the port. */
  readonly socket?: string | undefined;
}

/**
 * Arguments of redis-server. What it confirms is on the disk (`appendfsync always`), and when it is full it says so
 * instead of forgetting something (`noeviction`). What passes through makes its log grow fast and its data hardly: with the
 * 64 MB of the default, writing the log anew would be a fifth of its work, and half of that would be compressing blocks.
 */
export function redisArguments({ port, dir, timeSeriesModule, socket }: RedisRun): string[] {
  return [
    ["--port", String(port)],
    ["--bind", "127.0.0.1"],
    ["--dir", dir],
    ["--appendonly", "yes"],
    ["--appendfsync", "always"],
    ["--auto-aof-rewrite-min-size", "512mb"],
    ["--rdbcompression", "no"],
    ["--save", ""],
    ["--maxmemory-policy", "noeviction"],
    ["--lazyfree-lazy-expire", "yes"],
    ...(socket === undefined ? [] : [["--unixsocket", socket, "--unixsocketperm", "700"]]),
    ["--loadmodule", timeSeriesModule],
  ].flat();
}

/** How the local VictoriaMetrics is run. */
export interface VictoriaMetricsRun {
  readonly port: number;
  readonly dir: string;
  readonly retention: string;
  /** What Flux lets through, so that the store takes it whole. */
  readonly maxLabels: number;
  readonly maxLabelValueBytes: number;
}

// Flux adds tenant and server to the labels that it counts; the rest is margin.
const MARGIN_LABELS = 8;
const MIN_LABELS = 64;
const MIN_LABEL_VALUE_BYTES = 16_384;

/** Arguments of victoria-metrics. The deduplication makes a sample that is delivered twice stand there once. */
export function victoriaMetricsArguments(run: VictoriaMetricsRun): string[] {
  return [
    `-storageDataPath=${run.dir}`,
    `-httpListenAddr=127.0.0.1:${run.port}`,
    `-retentionPeriod=${run.retention}`,
    "-dedup.minScrapeInterval=1ms",
    `-maxLabelsPerTimeseries=${Math.max(MIN_LABELS, run.maxLabels + MARGIN_LABELS)}`,
    `-maxLabelValueLen=${Math.max(MIN_LABEL_VALUE_BYTES, run.maxLabelValueBytes)}`,
  ];
}

/** How the demonstration's Prometheus is run. `webAssets` only where the program has to be told of its pages. */
export interface PrometheusRun {
  readonly port: number;
  readonly dir: string;
  readonly configFile: string;
  readonly webAssets: string | undefined;
  readonly retention: string;
}

/** Arguments of prometheus. */
export function prometheusArguments({ port, dir, configFile, webAssets, retention }: PrometheusRun): string[] {
  return [
    `--config.file=${configFile}`,
    `--web.listen-address=127.0.0.1:${port}`,
    `--storage.tsdb.path=${dir}`,
    `--storage.tsdb.retention.time=${retention}`,
    ...(webAssets === undefined ? [] : [`--web.local-assets=${webAssets}`]),
  ];
}

/** Arguments of node_exporter. */
export function nodeExporterArguments(port: number): string[] {
  return [`--web.listen-address=127.0.0.1:${port}`];
}
