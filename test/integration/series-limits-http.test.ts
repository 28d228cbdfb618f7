import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import type { FastifyInstance } from "fastify";
import { Redis } from "ioredis";
import type { Registry } from "prom-client";
import { BufferWriter } from "../../services/flux/buffer-writer.ts";
import { listQuotaSeries } from "../../services/flux/quota-series.ts";
import { plainBlockEncoder } from "../../services/shared/block-encoder.ts";
import { loadScripts } from "../../services/shared/redis-scripts/run-script.ts";
import { createSeriesHasher } from "../../services/shared/series-id.ts";
import { buildTestApp, KEY } from "../flux/support/test-app.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { writeRequestBody } from "../support/write-request.ts";

const NAMESPACE_KEY = "key-of-acme";
const hasher = await createSeriesHasher();

let server: RedisServer;
let redis: Redis;

before(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});
after(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(() => redis.flushall());

/** A Flux whose buffer is real, and what it counts. */
class TestFlux {
  readonly #app: FastifyInstance;
  readonly #registry: Registry;

  constructor(settings: Record<string, string>) {
    const writer = new BufferWriter({
      runScript: loadScripts(redis),
      hasher,
      blocks: plainBlockEncoder,
      keyPrefix: "",
      shards: 1,
      maxBytes: 1e9,
      registryRetentionMs: 3_600_000,
      now: Date.now,
      typesOf: () => () => "unknown",
      onEvent: () => {},
    });
    const built = buildTestApp({ settings, commit: (...args) => writer.commit(...args) });
    this.#app = built.app;
    this.#registry = built.registry;
  }

  async #post(url: string, payload: string | Buffer, headers: Record<string, string>) {
    const sender = { key: NAMESPACE_KEY, "x-tenant-id": "acme", "x-server-id": "1", ...headers };
    const { statusCode, body } = await this.#app.inject({ method: "POST", url, headers: sender, payload });
    return { status: statusCode, body: body === "" ? undefined : JSON.parse(body) };
  }

  /** Two samples of each series, as Prometheus sends them. */
  remoteWrite(names: readonly string[], headers: Record<string, string> = {}) {
    const samples = [1, 2].map((timestampMs) => ({ timestampMs, value: 1 }));
    const series = names.map((name) => ({ labels: { __name__: name }, samples }));
    return this.#post("/prometheus/write", writeRequestBody(series), headers);
  }

  json(names: readonly string[], headers: Record<string, string> = {}) {
    const metrics = names.map((metric) => ({ metric, timestamp: 1_700_000_000, value: 1 }));
    const body = JSON.stringify({ key: NAMESPACE_KEY, metrics });
    return this.#post("/prometheus/write", body, { "content-type": "application/json", ...headers });
  }

  lines(names: readonly string[]) {
    return this.#post("/write", names.map((name) => `${name} value=1 1000000`).join("\n"), {});
  }

  /** Whether every line of the metrics of these names is as said. */
  async counts(want: Record<string, number>): Promise<void> {
    const text = await this.#registry.metrics();
    const found = Object.fromEntries(
      Object.keys(want).map((name) => [
        name,
        Number(
          text
            .split("\n")
            .find((line) => line.startsWith(`${name} `))
            ?.split(" ")[1],
        ),
      ]),
    );
    assert.deepEqual(found, want);
  }
}

/** received = stored + dropped + refused, of the tenant of the tests. */
function sums(counts: { received: number; stored: number; overQuota?: number; seriesLimit?: number }) {
  return {
    'flux_samples_received_total{tenant="acme"}': counts.received,
    'flux_samples_stored_total{tenant="acme"}': counts.stored,
    'flux_samples_dropped_total{tenant="acme",reason="over_quota"}': counts.overQuota ?? 0,
    'flux_samples_refused_total{tenant="acme",reason="series_limit"}': counts.seriesLimit ?? 0,
  };
}

describe("a request over the limit of active series", () => {
  const settings = { FLUX_MAX_ACTIVE_SERIES: "2" };

  test("by remote-write is answered 400 with limit, count and the first refused series; the others are stored", async () => {
    const flux = new TestFlux(settings);
    assert.equal((await flux.remoteWrite(["a"])).status, 204);
    const { status, body } = await flux.remoteWrite(["b", "c", "a", "d"]);
    assert.equal(status, 400);
    assert.equal(
      body.message,
      "invalid_series: 4 of 8 samples refused, the others are stored; the first: series_limit: the tenant has 2 active " +
        "series, at most 2 (FLUX_MAX_ACTIVE_SERIES or maxActiveSeries) are taken; 2 of the request are new beyond, " +
        'the first: c{_tenant_id="acme",_server_id="1"}',
    );
    await flux.counts({
      ...sums({ received: 10, stored: 6, seriesLimit: 4 }),
      'flux_tenant_active_series{tenant="acme"}': 2,
      'flux_tenant_series_limit{tenant="acme"}': 2,
    });
    assert.equal((await flux.remoteWrite(["a", "b"])).status, 204);
  });

  test("by JSON is answered 207 that names what is not stored, and 400 where nothing is", async () => {
    const flux = new TestFlux(settings);
    const { status, body } = await flux.json(["a", "b", "a", "c"]);
    assert.equal(status, 207);
    const owned = (name: string) => ({ metric_data: `${name}{_tenant_id="acme",_server_id="1"}`, status: 200 });
    assert.deepEqual(body.data, [{ metric_data: "c{}", status: 400 }, ...["a", "b", "a"].map(owned)]);
    assert.match(body.detail, /series_limit: the tenant has 2 active series/);
    assert.equal((await flux.json(["c"])).status, 400);
    await flux.counts({
      ...sums({ received: 5, stored: 2, seriesLimit: 2 }),
      'flux_samples_dropped_total{tenant="acme",reason="overwritten_in_request"}': 1,
    });
  });

  test("by line protocol is answered as a partial write", async () => {
    const flux = new TestFlux(settings);
    const { status, body } = await flux.lines(["a", "b", "c"]);
    assert.equal(status, 400);
    assert.match(body.error, /^partial write: series_limit: .*c\{.* \(1 refused, the others are stored\) dropped=0$/);
    await flux.counts(sums({ received: 3, stored: 2, seriesLimit: 1 }));
  });

  test("of a tenant with a limit of its own is measured by that", async () => {
    const tenants = JSON.stringify({ acme: { limits: { maxActiveSeries: 3 } } });
    const flux = new TestFlux({ ...settings, FLUX_TENANTS: tenants });
    assert.equal((await flux.remoteWrite(["a", "b", "c"])).status, 204);
    assert.equal((await flux.remoteWrite(["d"])).status, 400);
  });
});

describe("a request over the quota of its namespace", () => {
  const settings = { FLUX_NAMESPACE_QUOTAS: '{"acme": 2}' };

  test("is answered 204 in every format, and what is over it is dropped and counted", async () => {
    const flux = new TestFlux(settings);
    assert.equal((await flux.remoteWrite(["a", "b"])).status, 204);
    assert.equal((await flux.remoteWrite(["c", "a"])).status, 204);
    assert.equal((await flux.json(["c", "b"])).status, 204);
    assert.equal((await flux.lines(["c", "a"])).status, 204);
    await flux.counts({
      ...sums({ received: 12, stored: 8, overQuota: 4 }),
      'flux_namespace_quota_series{namespace="acme"}': 2,
      'flux_namespace_quota{namespace="acme"}': 2,
    });
    const owner = '{_tenant_id="acme",_server_id="1"}';
    assert.deepEqual(await listQuotaSeries(redis, "", "acme"), [`a${owner}`, `b${owner}`]);
  });

  test("before anything is stored is refused whole, in Skyline's words", async () => {
    const flux = new TestFlux(settings);
    const message = "Too many metrics - quota: 2, submitted: 3";
    assert.deepEqual(await flux.remoteWrite(["a", "b", "c"]), { status: 400, body: { code: 400, message } });
    assert.deepEqual(await flux.json(["a", "b", "c"]), { status: 400, body: { code: 400, message } });
    const lines = await flux.lines(["a", "b", "c"]);
    assert.equal(lines.status, 400);
    assert.match(lines.body.error, /Too many metrics - quota: 2, submitted: 3/);
    assert.deepEqual(await redis.keys("flux.*metrics*"), []);
    await flux.counts({
      'flux_requests_refused_total{reason="too_many_metrics"}': 3,
      'flux_requests_limited_total{tenant="acme",reason="too_many_metrics"}': 3,
    });
  });

  test("is taken from FLUX_SELF_API_KEY, for which no quota holds, and takes no place", async () => {
    const flux = new TestFlux(settings);
    assert.equal((await flux.remoteWrite(["a", "b", "c"], { key: KEY })).status, 204);
    await flux.counts(sums({ received: 6, stored: 6 }));
    assert.deepEqual(await listQuotaSeries(redis, "", "acme"), []);
  });

  test("and marked x-test-only takes no place", async () => {
    const flux = new TestFlux({ ...settings, FLUX_MAX_ACTIVE_SERIES: "1" });
    assert.equal((await flux.remoteWrite(["a", "b", "c"], { "x-test-only": "true" })).status, 200);
    assert.deepEqual(await redis.keys("*"), []);
  });
});
