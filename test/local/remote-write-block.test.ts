import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { demoGrant, demoPrometheusConfig } from "../../services/local/demo-config.ts";
import { remoteWriteBlock } from "../../services/local/remote-write-block.ts";
import { settingsSchema } from "../../settings/schema.ts";

const TARGET = {
  fluxUrl: "http://127.0.0.1:8000",
  key: "0123456789",
  tenant: "acme",
  server: "1",
  serverUrl: "http://prometheus:9090",
};

test("the block to paste is YAML in which every header is text, also one that looks like a number", () => {
  assert.equal(
    remoteWriteBlock(TARGET),
    [
      "remote_write:",
      "  - url: http://127.0.0.1:8000/prometheus/write",
      "    headers:",
      '      key: "0123456789"',
      "      x-tenant-id: acme",
      '      x-server-id: "1"',
      "      x-server-url: http://prometheus:9090",
      "",
    ].join("\n"),
  );
  const key = `${"long: #'\"".repeat(20)}`;
  assert.equal(parse(remoteWriteBlock({ ...TARGET, key })).remote_write[0].headers.key, key);
});

test("the block to paste does not pass a SHA-256 off as the key", () => {
  const key = `sha256:${"0".repeat(64)}`;
  const { headers } = parse(remoteWriteBlock({ ...TARGET, key })).remote_write[0];
  assert.equal(headers.key, "<the key whose SHA-256 is in FLUX_SELF_API_KEY>");
});

test("the demonstration's Prometheus scrapes itself and node_exporter every 5 s and writes to Flux", () => {
  const addresses = { prometheus: "127.0.0.1:9090", nodeExporter: "127.0.0.1:9100" };
  const text = demoPrometheusConfig({ ...addresses, fluxUrl: TARGET.fluxUrl, key: "the-key!" });
  const config = parse(text);
  assert.equal(config.global.scrape_interval, "5s");
  assert.deepEqual(
    config.scrape_configs.map((job: { job_name: string; static_configs: { targets: string[] }[] }) => [
      job.job_name,
      job.static_configs[0]?.targets[0],
    ]),
    [
      ["prometheus", "127.0.0.1:9090"],
      ["node", "127.0.0.1:9100"],
    ],
  );
  assert.deepEqual(config.remote_write, [
    { url: "http://127.0.0.1:8000/prometheus/write", authorization: { credentials: "the-key!" } },
  ]);
  // The key alone has to say who it is: Debian's Prometheus sends no other header.
  const settings = settingsSchema.parse({ FLUX_API_KEYS: { "the-key!": demoGrant() } });
  assert.deepEqual(settings.FLUX_API_KEYS["the-key!"], demoGrant());
  assert.deepEqual([demoGrant().tenant, demoGrant().server], ["demo", "1"]);
});
