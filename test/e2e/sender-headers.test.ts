import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Redis } from "ioredis";
import { stringify } from "yaml";
import { shardKeys } from "../../services/shared/buffer-keys.ts";
import { generationAt } from "../../services/shared/generation.ts";
import { decodeRecord } from "../../services/shared/registry-record.ts";
import { labelValue } from "../../services/shared/series.ts";
import { metricValue } from "../support/metric-value.ts";
import { startNodeExporter } from "../support/node-exporter.ts";
import { startRedis } from "../support/redis-server.ts";
import { spawnService } from "../support/service.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { startVmagent } from "../support/vmagent.ts";

const KEY = "self-key-of-the-test";

/*
 * The headers of Skyline's documentation, from a real sender that sends headers: vmagent, because the Prometheus that
 * Debian has accepts them in its configuration and leaves them out.
 */
test("a real sender's headers say who it is and what is dropped", async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const flux = await spawnService("flux", { REDIS_URL: server.url, FLUX_SELF_API_KEY: KEY });
  t.after(() => flux.stop());
  const exporter = await startNodeExporter();
  t.after(() => exporter.stop());
  const folder = createTempFolder();
  t.after(() => folder.remove());
  const labels = { monitor: "master", another_label_to_drop: "with_value_of_x", stays: "yes" };
  const config = join(folder.path, "scrape.yml");
  writeFileSync(
    config,
    stringify({
      scrape_configs: [
        { job_name: "node", scrape_interval: "1s", static_configs: [{ targets: [exporter.target], labels }] },
      ],
    }),
  );
  const headers = [
    `key:${KEY}`,
    "x-tenant-id:1",
    "x-server-id:2",
    "x-server-url:https://prometheus.example",
    "dropLabels:[['monitor','master'],['another_label_to_drop','with_value_of_*']]",
    "dropMetrics:['^flag.*','^go_.*','^info_.*']",
  ];
  const sender = await startVmagent(`${flux.intakeUrl}/flux/prometheus/write`, [
    `-promscrape.config=${config}`,
    `-remoteWrite.headers="${headers.join("^^")}"`,
  ]);
  t.after(() => sender.stop());

  const total = (name: string, ...wanted: string[]) =>
    metricValue(`${flux.adminUrl}/metrics`, `flux_samples_${name}_total`, ...wanted);
  await until(async () => (await total("dropped", 'reason="drop_metrics"')) > 0, {
    timeoutMs: 30_000,
    describe: () => sender.logs().slice(-1000),
  });
  assert.equal(await total("refused"), 0);

  const redis = new Redis(server.url);
  t.after(() => redis.disconnect());
  const records = await redis.hvalsBuffer(shardKeys("", 0).series(generationAt(Date.now())));
  const series = records.map((record) => decodeRecord(record)?.labels ?? []);
  const names = series.map((one) => labelValue(one, "__name__") ?? "");
  assert.ok(names.includes("node_load1"));
  assert.deepEqual(
    names.filter((name) => /^(flag|go_|info_)/.test(name)),
    [],
  );
  const ofNode = series.filter((one) => labelValue(one, "job") === "node");
  const values = (name: string) => [...new Set(ofNode.map((one) => labelValue(one, name)))];
  assert.deepEqual(values("_tenant_id"), ["1"]);
  assert.deepEqual(values("_server_id"), ["2"]);
  assert.deepEqual(values("stays"), ["yes"]);
  assert.deepEqual(values("monitor"), [undefined]);
  assert.deepEqual(values("another_label_to_drop"), [undefined]);
});
