import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { Redis } from "ioredis";
import { httpText } from "../support/http-text.ts";
import { isAlive } from "../support/is-alive.ts";
import { startNodeExporter } from "../support/node-exporter.ts";
import { startPrometheus } from "../support/prometheus.ts";
import { startRedis } from "../support/redis-server.ts";
import { until } from "../support/until.ts";
import { parseExportLine, startVictoriaMetrics } from "../support/victoria-metrics.ts";

/** Its log grows fast, and its data hardly. */
const REWRITE = "auto-aof-rewrite-min-size";

test("Redis holds time series, confirms what is on the disk, evicts nothing, and survives SIGKILL", async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const redis = new Redis(server.url, { lazyConnect: true, retryStrategy: () => 50 });
  // The connection breaks on purpose further down.
  redis.on("error", () => undefined);
  t.after(() => redis.disconnect());
  await redis.connect();
  const settings = [
    "appendonly",
    "appendfsync",
    "maxmemory-policy",
    "save",
    "lazyfree-lazy-expire",
    REWRITE,
    "rdbcompression",
  ];
  const values = await Promise.all(settings.map(async (name) => redis.config("GET", name)));
  assert.deepEqual(
    values.flat(),
    settings.flatMap((name, i) => [
      name,
      ["yes", "always", "noeviction", "", "yes", String(512 * 1024 * 1024), "no"][i],
    ]),
  );
  await redis.call("TS.CREATE", "k", "LABELS", "a", "1");
  await redis.call("TS.ADD", "k", "1000", "1.5");

  const before = server.pid;
  await server.kill();
  assert.equal(isAlive(before), false);
  await server.restart();
  assert.notEqual(server.pid, before);
  await until(() => redis.status === "ready");
  assert.deepEqual(await redis.call("TS.GET", "k"), [1000, "1.5"]);

  await server.stop();
  assert.ok(!existsSync(server.dir));
});

test("VictoriaMetrics stores each sample once, and an export gives back also what JSON cannot hold", async (t) => {
  const store = await startVictoriaMetrics();
  t.after(() => store.stop());
  const labels = 'm{tricky="},\\"values\\":[1]"}';
  const now = Date.now();
  const lines = ["1.5", "+Inf", "-Inf"].map((value, i) => `${labels} ${value} ${now + i}`);
  for (const body of [lines, lines]) {
    const url = `${store.url}/api/v1/import/prometheus`;
    const response = await fetch(url, { method: "POST", body: `${body.join("\n")}\n` });
    assert.equal(response.status, 204);
    await store.forceFlush();
  }
  const [series, ...others] = await store.exportAll("m");
  assert.deepEqual(others, []);
  assert.deepEqual(series?.labels, { __name__: "m", tricky: '},"values":[1]' });
  assert.deepEqual(
    series?.samples.map(({ timestampMs }) => timestampMs - now),
    [0, 1, 2],
  );
  assert.deepEqual(
    series?.samples.map(({ value }) => value),
    [1.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  assert.deepEqual(await store.exportAll("unknown"), []);
});

test("a line of an export is read in the notation of every version", () => {
  const check = (values: string, want: number[]) => {
    const timestamps = want.map((_, i) => i);
    const { samples } = parseExportLine(
      `{"metric":{"__name__":"m"},"values":[${values}],"timestamps":[${timestamps}]}`,
    );
    assert.deepEqual(
      samples,
      want.map((value, timestampMs) => ({ timestampMs, value })),
    );
  };
  check("1,-2.5e-7", [1, -2.5e-7]);
  check("NaN,+Inf,-Inf", [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  check('null,"Infinity","-Infinity"', [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  check("Infinity,-Infinity", [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
});

test("Prometheus scrapes a node_exporter, pauses, and writes to another Prometheus bit for bit", async (t) => {
  const exporter = await startNodeExporter();
  t.after(() => exporter.stop());
  const receiver = await startPrometheus({ receiver: true });
  t.after(() => receiver.stop());
  const sender = await startPrometheus({
    scrape: [{ job: "node", targets: [exporter.target], interval: "1s", labels: { site: "x" } }],
    remoteWrite: `remote_write:\n  - url: ${receiver.writeUrl}\n    queue_config: { batch_send_deadline: 100ms }`,
  });
  t.after(() => sender.stop());
  await until(async () => (await receiver.query('up{job="node"} == 1')).length === 1);
  await exporter.stop();
  // Once its target is gone, a scrape stores nothing but `up`, so that both sides can be compared at rest.
  await until(async () => (await receiver.query('up{job="node"} == 0')).length === 1);
  const atSeconds = Date.now() / 1000 - 1;
  const selector = 'node_memory_MemTotal_bytes{site="x"}';
  const sent = await sender.rawSamples(selector, atSeconds, 300);
  assert.ok((sent[0]?.samples.length ?? 0) > 0);
  assert.deepEqual(await receiver.rawSamples(selector, atSeconds, 300), sent);

  await sender.pause();
  await assert.rejects(fetch(`${sender.url}/-/ready`, { signal: AbortSignal.timeout(300) }));
  sender.resume();
  assert.match(await httpText(`${sender.url}/-/ready`), /Ready/);
});
