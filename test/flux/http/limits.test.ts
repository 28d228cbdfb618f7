import assert from "node:assert/strict";
import { test } from "node:test";
import type { FastifyInstance } from "fastify";
import { writeRequestBody } from "../../support/write-request.ts";
import { buildTestApp, KEY } from "../support/test-app.ts";

const stored = async () => ({ ok: true as const, registeredSeries: 0, blockBytes: 0 });

/** Sends so many samples for a tenant. */
function send(app: FastifyInstance, tenant: string, samples: number) {
  const series = Array.from({ length: samples }, (_, i) => ({
    labels: { __name__: "up", i: String(i) },
    samples: [{ timestampMs: 1, value: 1 }],
  }));
  const headers = { key: KEY, "x-tenant-id": tenant, "x-server-id": "1" };
  return app.inject({ method: "POST", url: "/prometheus/write", headers, payload: writeRequestBody(series) });
}

test("a tenant over its rate is sent away with the seconds until there is room; another is not", async () => {
  const tenants = JSON.stringify({ acme: { limits: { samplesPerSecond: 1, samplesBurst: 10 } } });
  const { app, registry } = buildTestApp({ commit: stored, settings: { FLUX_TENANTS: tenants } });
  assert.equal((await send(app, "acme", 40)).statusCode, 204);
  const refused = await send(app, "acme", 1);
  assert.equal(refused.statusCode, 503);
  const seconds = Number(refused.headers["retry-after"]);
  assert.ok(seconds > 25 && seconds <= 31, `${seconds} s`);
  assert.match(refused.json().message, /^over_sample_rate: its tenant has sent more than 1 samples a second/);
  assert.equal((await send(app, "other", 40)).statusCode, 204);
  const text = await registry.metrics();
  assert.match(text, /^flux_requests_limited_total{tenant="acme",reason="over_sample_rate"} 1$/m);
  assert.match(text, /^flux_samples_received_total{tenant="acme"} 40$/m, "the refused body was not looked at");
});

test("429 answers where the tenant wants it, for the other formats as well", async () => {
  const tenants = JSON.stringify({ acme: { limits: { bytesPerSecond: 1, bytesBurst: 1, overRateStatus: 429 } } });
  const { app } = buildTestApp({ commit: stored, settings: { FLUX_TENANTS: tenants } });
  const headers = { key: KEY, "x-tenant-id": "acme", "x-server-id": "1" };
  assert.equal((await send(app, "acme", 1)).statusCode, 204);
  const lines = { method: "POST" as const, url: "/write?db=a", headers, payload: "cpu value=1 1700000000000000000" };
  const json = {
    method: "POST" as const,
    url: "/prometheus/write",
    headers: { ...headers, "content-type": "application/json" },
    payload: JSON.stringify({ key: KEY, metrics: [{ metric: "up", timestamp: 1_700_000_000, value: 1 }] }),
  };
  for (const request of [lines, json]) {
    const answer = await app.inject(request);
    assert.equal(answer.statusCode, 429);
    assert.ok(Number(answer.headers["retry-after"]) > 0);
    assert.match(answer.body, /over_byte_rate/);
  }
});

test("a tenant's own limit of a body wins over that of all", async () => {
  const tenants = JSON.stringify({ acme: { limits: { maxBodyBytes: 10 } }, big: { limits: { maxBodyBytes: 4000 } } });
  const { app } = buildTestApp({ commit: stored, settings: { FLUX_TENANTS: tenants } });
  assert.equal((await send(app, "acme", 1)).statusCode, 413);
  assert.equal((await send(app, "other", 1)).statusCode, 204);
  const post = (tenant: string) =>
    app.inject({
      method: "POST",
      url: "/prometheus/write",
      headers: { key: KEY, "x-tenant-id": tenant, "x-server-id": "1" },
      payload: Buffer.alloc(2500, 1),
    });
  assert.equal((await post("other")).statusCode, 413);
  assert.equal((await post("big")).statusCode, 400, "read, and found not to be snappy");
});

test("a request that has ended makes room for the next", async () => {
  let finish: (() => void) | undefined;
  const gate = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const commit = async () => {
    await gate;
    return stored();
  };
  const { app } = buildTestApp({ commit, settings: { FLUX_MAX_REQUESTS_IN_FLIGHT: "1" } });
  await app.ready();
  const first = Promise.resolve(send(app, "acme", 1));
  const second = await send(app, "acme", 1);
  assert.equal(second.statusCode, 503);
  assert.match(second.json().message, /too_many_requests: its tenant has 1 requests under way/);
  finish?.();
  assert.equal((await first).statusCode, 204);
  assert.equal((await send(app, "acme", 1)).statusCode, 204);
});

test("a sample that is too old is refused with a sentence, the others of the request are stored", async () => {
  const settings = { FLUX_PROMETHEUS_MAX_AGE: "300" };
  const { app, registry } = buildTestApp({ commit: stored, settings });
  const samples = [
    { timestampMs: 1, value: 1 },
    { timestampMs: Date.now(), value: 1 },
  ];
  const answer = await app.inject({
    method: "POST",
    url: "/prometheus/write",
    headers: { key: KEY, "x-tenant-id": "acme", "x-server-id": "1" },
    payload: writeRequestBody([{ labels: { __name__: "up" }, samples }]),
  });
  assert.equal(answer.statusCode, 400);
  assert.match(answer.json().message, /1 of 2 samples refused.*sample_too_old: data older than 300 seconds/);
  const text = await registry.metrics();
  assert.match(text, /^flux_samples_stored_total{tenant="acme"} 1$/m);
});
