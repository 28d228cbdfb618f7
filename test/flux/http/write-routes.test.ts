import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { compress, writeRequestBody } from "../../support/write-request.ts";
import { buildTestApp, KEY } from "../support/test-app.ts";

/*
 * What is answered before anything reaches Redis. The buffer of these tests is a tripwire: whatever gets that far is
 * in test/integration, with a real one.
 */

const goodBody = writeRequestBody([{ labels: { __name__: "up" }, samples: [{ timestampMs: 1, value: 1 }] }]);
const goodHeaders: Record<string, string> = {
  key: KEY,
  "x-tenant-id": "acme",
  "x-server-id": "1",
  "content-type": "application/x-protobuf",
  "content-encoding": "snappy",
};

interface Case {
  readonly what: string;
  readonly method?: "GET" | "PUT";
  readonly without?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer;
  readonly status: number;
  readonly code: string;
  /** Words that the sentence must hold: they name the fault. */
  readonly says: RegExp;
}

const cases: Case[] = [
  { what: "another method", method: "GET", status: 405, code: "method_not_allowed", says: /GET.*POST/ },
  { what: "a method that has a body", method: "PUT", status: 405, code: "method_not_allowed", says: /PUT.*POST/ },
  { what: "no key", without: "key", status: 401, code: "no_key", says: /header key/ },
  { what: "a wrong key", headers: { key: "wrong" }, status: 403, code: "unknown_key", says: /not known/ },
  {
    what: "the key of another tenant",
    headers: { key: "key-of-acme", "x-tenant-id": "other" },
    status: 403,
    code: "foreign_tenant",
    says: /x-tenant-id/,
  },
  { what: "no tenant", without: "x-tenant-id", status: 400, code: "no_tenant", says: /x-tenant-id is missing/ },
  { what: "no server", without: "x-server-id", status: 400, code: "no_server", says: /x-server-id is missing/ },
  {
    what: "a tenant with a space",
    headers: { "x-tenant-id": "a b" },
    status: 400,
    code: "bad_identity",
    says: /x-tenant-id/,
  },
  {
    what: "a pattern that does not compile",
    headers: { dropMetrics: "['^ok$','(unclosed']" },
    status: 400,
    code: "bad_rules",
    says: /dropMetrics.*\(unclosed/,
  },
  {
    what: "a list that is not closed",
    headers: { dropLabels: "[['a','b']" },
    status: 400,
    code: "bad_rules",
    says: /dropLabels/,
  },
  {
    what: "another content type",
    headers: { "content-type": "image/png" },
    status: 415,
    code: "unsupported_type",
    says: /image\/png/,
  },
  {
    what: "a content type that is none",
    headers: { "content-type": "nonsense" },
    status: 415,
    code: "unsupported_type",
    says: /nonsense/,
  },
  {
    what: "remote-write 2.0",
    headers: { "content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request" },
    status: 415,
    code: "unsupported_type",
    says: /io\.prometheus\.write\.v2\.Request/,
  },
  {
    what: "another encoding",
    headers: { "content-encoding": "gzip" },
    status: 415,
    code: "unsupported_encoding",
    says: /gzip.*snappy/,
  },
  {
    what: "a body over the limit",
    body: Buffer.alloc(2001, 1),
    status: 413,
    code: "body_too_large",
    says: /2001 bytes.*2000.*FLUX_MAX_BODY_BYTES/,
  },
  {
    what: "a body that is not snappy",
    body: Buffer.from("up 1 1700000000"),
    status: 400,
    code: "malformed_snappy",
    says: /snappy/,
  },
  {
    what: "a snappy head that declares 4 GB",
    body: Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0x00, 0x61]),
    status: 413,
    code: "body_too_large",
    says: /4294967295 bytes.*5000/,
  },
  {
    what: "snappy that is not protobuf",
    body: compress(Buffer.from("neither protobuf nor anything else")),
    status: 400,
    code: "malformed_protobuf",
    says: /WriteRequest/,
  },
  {
    what: "labels that are not protobuf",
    body: compress(Buffer.from("0a050a030aff01", "hex")),
    status: 400,
    code: "malformed_protobuf",
    says: /labels/,
  },
];

describe("a request is refused, before anything is stored, for", () => {
  for (const { what, method = "POST", without = "", headers = {}, body = goodBody, status, code, says } of cases) {
    test(what, async () => {
      const { app, registry } = buildTestApp();
      const sent = Object.fromEntries(
        Object.entries({ ...goodHeaders, ...headers }).filter(([name]) => name !== without),
      );
      const payload = method === "GET" ? undefined : body;
      const answer = await app.inject({ method, url: "/prometheus/write", headers: sent, ...(payload && { payload }) });
      assert.equal(answer.statusCode, status, answer.body);
      const { code: number, message } = answer.json();
      assert.equal(number, status);
      assert.match(message, new RegExp(`^${code}: `));
      assert.match(message, says);
      assert.doesNotMatch(message, new RegExp(KEY));
      assert.match(await registry.metrics(), new RegExp(`flux_requests_refused_total{reason="${code}"} 1`));
    });
  }
});

describe("checks come in their order:", () => {
  const check = async (headers: Record<string, string>, body: Buffer, code: string) => {
    const answer = await buildTestApp().app.inject({ method: "POST", url: "/api/v1/write", headers, payload: body });
    assert.match(answer.json().message, new RegExp(`^${code}: `));
  };
  const junk = Buffer.from("junk");

  test("the key before the tenant, the tenant before the rules, the type before the encoding, both before the body", async () => {
    const broken = { dropMetrics: "(", "content-type": "image/png", "content-encoding": "gzip" };
    await check({ ...broken }, junk, "no_key");
    await check({ ...broken, key: KEY }, junk, "no_tenant");
    await check({ ...broken, key: KEY, "x-tenant-id": "a", "x-server-id": "b" }, junk, "bad_rules");
    await check({ ...goodHeaders, "content-type": "image/png", "content-encoding": "gzip" }, junk, "unsupported_type");
    await check({ ...goodHeaders, "content-encoding": "gzip" }, junk, "unsupported_encoding");
    await check(goodHeaders, junk, "malformed_snappy");
  });
});

describe("a good request", () => {
  const commits = async () => ({ ok: true, registeredSeries: 1, blockBytes: 1 }) as const;

  test("is taken at each of the paths, and with the headers that senders of 1.0 may leave out", async () => {
    const { app } = buildTestApp({ commit: commits });
    for (const url of ["/prometheus/write", "/flux/prometheus/write", "/api/v1/write", "/api/v1/write?x=1"]) {
      const answer = await app.inject({ method: "POST", url, headers: goodHeaders, payload: goodBody });
      assert.equal(answer.statusCode, 204, answer.body);
      assert.equal(answer.body, "");
    }
    const { key, "x-tenant-id": tenant, "x-server-id": server } = goodHeaders;
    const bare = { ...(key && { key }), "x-tenant-id": tenant ?? "", "x-server-id": server ?? "" };
    const answer = await app.inject({ method: "POST", url: "/api/v1/write", headers: bare, payload: goodBody });
    assert.equal(answer.statusCode, 204, answer.body);
  });

  test("of metadata alone is no error for its sender even when Redis does not take it, and is counted", async () => {
    const { app, registry } = buildTestApp({ commit: commits });
    const payload = writeRequestBody([], [{ type: 1, metric_family_name: "up", help: "", unit: "" }]);
    const answer = await app.inject({ method: "POST", url: "/api/v1/write", headers: goodHeaders, payload });
    assert.equal(answer.statusCode, 204);
    const metrics = await registry.metrics();
    assert.match(metrics, /flux_metadata_received_total{tenant="acme"} 1/);
    assert.match(metrics, /flux_metadata_stored_total{tenant="acme"} 0/);
    assert.match(metrics, /flux_metadata_dropped_total{tenant="acme",reason="store_unavailable"} 1/);
  });

  test("with an invalid series in it is answered 400, which says how many were refused and names the first", async () => {
    const { app } = buildTestApp({ commit: commits });
    const sample = { timestampMs: 1, value: 1 };
    const labels = [
      ["__name__", "up"],
      ["a", "1"],
      ["a", "2"],
    ] as const;
    const payload = writeRequestBody([
      { labels, samples: [sample] },
      { labels: { __name__: "up" }, samples: [sample] },
    ]);
    const answer = await app.inject({ method: "POST", url: "/api/v1/write", headers: goodHeaders, payload });
    assert.equal(answer.statusCode, 400);
    assert.match(answer.json().message, /1 of 2 samples refused, the others are stored.*duplicate_label_name.*"a"/);
  });

  test("with nothing but invalid series is answered that nothing is stored", async () => {
    const { app } = buildTestApp({ commit: commits });
    const payload = writeRequestBody([{ labels: { job: "nameless" }, samples: [{ timestampMs: 1, value: 1 }] }]);
    const answer = await app.inject({ method: "POST", url: "/api/v1/write", headers: goodHeaders, payload });
    assert.equal(answer.statusCode, 400);
    assert.match(answer.json().message, /1 of 1 samples refused, nothing is stored; the first: missing_metric_name/);
  });

  test("with a label that is not UTF-8 is answered 400; no byte of it is replaced", async () => {
    const { app } = buildTestApp({ commit: commits });
    const broken = Buffer.from("0a140a0e0a085f5f6e616d655f5f1202c32812021001", "hex");
    const answer = await app.inject({
      method: "POST",
      url: "/api/v1/write",
      headers: goodHeaders,
      payload: compress(broken),
    });
    assert.equal(answer.statusCode, 400, answer.body);
    assert.match(answer.json().message, /1 of 1 samples refused.*invalid_utf8: .*not UTF-8/);
  });

  test("marked x-test-only writes nothing and reports what it would have", async () => {
    const { app, registry } = buildTestApp();
    const headers = { ...goodHeaders, "x-test-only": "true", dropMetrics: "down" };
    const samples = [{ timestampMs: 1, value: 1 }];
    const payload = writeRequestBody([
      { labels: { __name__: "up" }, samples },
      { labels: { __name__: "down" }, samples },
    ]);
    const answer = await app.inject({ method: "POST", url: "/api/v1/write", headers, payload });
    assert.equal(answer.statusCode, 200);
    const { ingest_count, drop_count, dropped_by_reason } = answer.json();
    assert.deepEqual(
      { ingest_count, drop_count, dropped_by_reason },
      { ingest_count: 1, drop_count: 1, dropped_by_reason: { drop_metrics: 1 } },
    );
    assert.doesNotMatch(await registry.metrics(), /flux_samples_stored_total{tenant="acme"} [1-9]/);
  });
});

describe("a request has to be sent again, says 503 with Retry-After,", () => {
  const check = async (options: Parameters<typeof buildTestApp>[0], code: string) => {
    const { app, registry } = buildTestApp(options);
    const answer = await app.inject({ method: "POST", url: "/api/v1/write", headers: goodHeaders, payload: goodBody });
    assert.equal(answer.statusCode, 503);
    assert.equal(answer.headers["retry-after"], "5");
    assert.match(answer.json().message, new RegExp(`^${code}: `));
    return registry.metrics();
  };

  test("when Redis fails; its samples count as refused", async () => {
    const metrics = await check({ commit: () => Promise.reject(new Error("gone")) }, "buffer_unavailable");
    assert.match(metrics, /flux_samples_refused_total{tenant="acme",reason="buffer_unavailable"} 1/);
    assert.match(metrics, /flux_samples_received_total{tenant="acme"} 1/);
  });

  test("when the buffer is full", async () => {
    const metrics = await check({ commit: async () => ({ ok: false, fullBytes: 1 }) }, "buffer_full");
    assert.match(metrics, /flux_samples_refused_total{tenant="acme",reason="buffer_full"} 1/);
  });

  test("when the process is stopping", async () => {
    await check({ isStopping: () => true }, "shutting_down");
  });
});

test("?status= answers that Flux is there", async () => {
  const answer = await buildTestApp().app.inject({ method: "POST", url: "/prometheus/write?status=true" });
  assert.deepEqual([answer.statusCode, answer.json()], [200, { status: "ok" }]);
});

test("a body that ends too early is counted and stores nothing", async () => {
  const { app, registry } = buildTestApp();
  await app.listen({ port: 0 });
  const address = app.server.address();
  assert.ok(typeof address === "object" && address);
  const socket = connect(address.port, "localhost");
  const headers = Object.entries({ ...goodHeaders, host: "x", "content-length": "100" });
  socket.write(`POST /api/v1/write HTTP/1.1\r\n${headers.map(([n, v]) => `${n}: ${v}\r\n`).join("")}\r\nhalf`);
  socket.end();
  const refused = /flux_requests_refused_total{reason="body_incomplete"} 1/;
  while (!refused.test(await registry.metrics())) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  await app.close();
});
