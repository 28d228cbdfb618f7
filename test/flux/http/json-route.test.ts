import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { KeptSamples } from "../../../services/flux/intake/intake.ts";
import { decodeRecord } from "../../../services/shared/registry-record.ts";
import { formatSeriesName } from "../../../services/shared/series.ts";
import { numberOf } from "../../support/special-values.ts";
import { buildTestApp, KEY } from "../support/test-app.ts";

const sender = { "x-tenant-id": "acme", "x-server-id": "1" };
const item = (metric: string, value: unknown = 1) => ({ metric, timestamp: 1_700_000_000, value });

/** Posts a JSON payload, and gives the answer and what would have been stored, as `series value@ms`. */
async function post(payload: unknown, headers: Record<string, string> = {}) {
  const stored: string[] = [];
  const { app, registry } = buildTestApp({
    commit: async ({ series, known, timestampsMs, valueBits }: KeptSamples) => {
      for (const [i, one] of series.entries()) {
        const name = formatSeriesName(decodeRecord(known.recordOf(one))?.labels ?? []);
        stored.push(`${name} ${numberOf(valueBits[i] ?? 0n)}@${timestampsMs[i]}`);
      }
      return { ok: true, registeredSeries: 0, blockBytes: 0 };
    },
  });
  const body = typeof payload === "string" || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload);
  const answer = await app.inject({
    method: "POST",
    url: "/prometheus/write",
    headers: { ...sender, "content-type": "application/json", ...headers },
    payload: body,
  });
  return { status: answer.statusCode, body: answer.body === "" ? undefined : answer.json(), stored, registry };
}

describe("a JSON payload", () => {
  test("is stored with the sender's labels; its key may stand in the body, as with Skyline", async () => {
    const { status, body, stored } = await post({ key: KEY, metrics: [item('up{job="a,b=c"}'), item("bare", "2.5")] });
    assert.equal(status, 204);
    assert.equal(body, undefined);
    assert.deepEqual(stored, [
      'up{_tenant_id="acme",_server_id="1",job="a,b=c"} 1@1700000000000',
      'bare{_tenant_id="acme",_server_id="1"} 2.5@1700000000000',
    ]);
  });

  test("may have its key in a header, a type with a charset, and be compressed", async () => {
    const payload = gzipSync(JSON.stringify({ metrics: [item("up")] }));
    const headers = { key: KEY, "content-type": "application/json; charset=utf-8", "content-encoding": "gzip" };
    const { status, stored } = await post(payload, headers);
    assert.equal(status, 204);
    assert.equal(stored.length, 1);
  });

  test("goes through the same rules as remote-write", async () => {
    const { status, stored } = await post(
      { key: KEY, metrics: [item('go_threads{pod="1"}'), item('up{pod="1"}')] },
      { dropmetrics: "^go_", droplabels: "pod" },
    );
    assert.equal(status, 204);
    assert.deepEqual(stored, ['up{_tenant_id="acme",_server_id="1"} 1@1700000000000']);
  });

  test("that is invalid in part is answered 207 in Skyline's shape; the valid part is stored and counted", async () => {
    const bad = item("up{job=unquoted}");
    const long = item(`m{${"a".repeat(300)}="x"}`);
    const { status, body, stored, registry } = await post({ key: KEY, metrics: [item("good"), bad, long] });
    assert.equal(status, 207);
    assert.equal(stored.length, 1);
    assert.equal(body.code, 207);
    assert.equal(body.message, "1 metrics were processed and 2 metric data were rejected");
    assert.deepEqual(
      body.data.map((entry: { status: number }) => entry.status),
      [400, 400, 200],
    );
    assert.deepEqual(body.data[0].metric_data, bad);
    assert.equal(body.data[2].metric_data, 'good{_tenant_id="acme",_server_id="1"}');
    assert.match(body.detail, /2 of 3 samples refused.*metrics\[1\]/);
    const metrics = await registry.metrics();
    assert.match(metrics, /flux_samples_received_total{tenant="acme"} 3/);
    assert.match(metrics, /flux_samples_stored_total{tenant="acme"} 1/);
    assert.match(metrics, /flux_samples_refused_total{tenant="acme",reason="unreadable"} 1/);
    assert.match(metrics, /flux_samples_refused_total{tenant="acme",reason="label_name_too_long"} 1/);
  });

  test("of which nothing is valid is answered 400, not 204", async () => {
    const { status, body, stored } = await post({ key: KEY, metrics: [item("{}"), { metric: "up" }] });
    assert.equal(status, 400);
    assert.equal(body.message, "0 metrics were processed and 2 metric data were rejected");
    assert.deepEqual(stored, []);
  });

  const refusals: [what: string, payload: unknown, headers: Record<string, string>, status: number, says: RegExp][] = [
    ["is not JSON", "{oops", { key: KEY }, 400, /invalid json data/],
    ["is not JSON and has no key", "{oops", {}, 401, /"no key header"/],
    ["has no key", { metrics: [item("up")] }, {}, 401, /"no key header"/],
    ["has a wrong key", { key: "wrong-key", metrics: [item("up")] }, {}, 403, /"invalid key"/],
    [
      "has the key of another tenant",
      { key: "key-of-acme", metrics: [item("up")] },
      { "x-tenant-id": "b" },
      403,
      /foreign/,
    ],
    ["has no metrics", { key: KEY, metrics: [] }, {}, 400, /no metrics data sent/],
    ["is not the gzip that it says", "{}", { key: KEY, "content-encoding": "gzip" }, 400, /malformed_encoding/],
    ["has an encoding that nobody knows", "{}", { key: KEY, "content-encoding": "br" }, 415, /unsupported_encoding/],
    ["is a bomb", gzipSync(Buffer.alloc(1_000_000)), { key: KEY, "content-encoding": "gzip" }, 413, /body_too_large/],
  ];
  for (const [what, payload, headers, status, says] of refusals) {
    test(`that ${what} is answered ${status}, and nothing is stored`, async () => {
      const answer = await post(payload, headers);
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      assert.match(JSON.stringify(answer.body), says);
      assert.deepEqual(answer.stored, []);
    });
  }

  test("marked x-test-only says what would be kept", async () => {
    const payload = { key: KEY, metrics: [item("up"), item("{}")] };
    const { status, body, stored } = await post(payload, { "x-test-only": "true" });
    assert.equal(status, 200);
    assert.equal(body.ingest_count, 1);
    assert.equal(body.refused_count, 1);
    assert.deepEqual(stored, []);
  });
});
