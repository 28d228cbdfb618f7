import assert from "node:assert/strict";
import { test } from "node:test";
import {
  nodeExporterArguments,
  prometheusArguments,
  redisArguments,
  victoriaMetricsArguments,
} from "../../services/local/server-arguments.ts";

test("Redis is started so that what it confirms is on the disk and nothing is evicted", () => {
  assert.deepEqual(
    redisArguments({ port: 6390, dir: "/data/redis", timeSeriesModule: "/parts/redistimeseries.so" }).join(" "),
    "--port 6390 --bind 127.0.0.1 --dir /data/redis --appendonly yes --appendfsync always --auto-aof-rewrite-min-size 512mb --rdbcompression no --save  " +
      "--maxmemory-policy noeviction --lazyfree-lazy-expire yes --loadmodule /parts/redistimeseries.so",
  );
  const run = { port: 6390, dir: "/data/redis", timeSeriesModule: "/parts/redistimeseries.so" };
  const withSocket = redisArguments({ ...run, socket: "/data/redis/redis.sock" }).join(" ");
  assert.match(withSocket, / --unixsocket \/data\/redis\/redis\.sock --unixsocketperm 700 /);
});

test("VictoriaMetrics is started so that it takes whole what Flux lets through, and each sample once", () => {
  const run = { port: 8428, dir: "/data/vm", retention: "1y", maxLabels: 40, maxLabelValueBytes: 4096 };
  const flags = victoriaMetricsArguments(run);
  assert.deepEqual(flags, [
    "-storageDataPath=/data/vm",
    "-httpListenAddr=127.0.0.1:8428",
    "-retentionPeriod=1y",
    "-dedup.minScrapeInterval=1ms",
    "-maxLabelsPerTimeseries=64",
    "-maxLabelValueLen=16384",
  ]);
  const wide = victoriaMetricsArguments({ ...run, maxLabels: 100, maxLabelValueBytes: 50_000 });
  assert.deepEqual(wide.slice(-2), ["-maxLabelsPerTimeseries=108", "-maxLabelValueLen=50000"]);
});

test("Prometheus is told of its pages only where they lie apart", () => {
  const run = { port: 9090, dir: "/data/p", configFile: "/data/p.yml", retention: "1d" };
  const flags = [
    "--config.file=/data/p.yml",
    "--web.listen-address=127.0.0.1:9090",
    "--storage.tsdb.path=/data/p",
    "--storage.tsdb.retention.time=1d",
  ];
  assert.deepEqual(prometheusArguments({ ...run, webAssets: undefined }), flags);
  assert.deepEqual(prometheusArguments({ ...run, webAssets: "/web" }), [...flags, "--web.local-assets=/web"]);
  assert.deepEqual(nodeExporterArguments(9100), ["--web.listen-address=127.0.0.1:9100"]);
});
