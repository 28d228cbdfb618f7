import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { decodedBytes } from "../../../services/flux/decoded-bytes.ts";
import { referenceCodec } from "../../../services/kernel/reference.ts";
import { until } from "../../support/until.ts";
import { compress, encodeWriteRequest, writeRequestBody } from "../../support/write-request.ts";
import { listen, openRaw, type RawConnection, writeHead } from "../support/raw-connection.ts";
import { buildTestApp, KEY, type TestAppOptions } from "../support/test-app.ts";

/*
 * The bound for all bodies in flight, on a real listener.
 */

const HEADERS = { key: KEY, "x-tenant-id": "acme", "x-server-id": "1" };
const SERIES = Array.from({ length: 50 }, (_, i) => ({
  labels: { __name__: "up", i: String(i) },
  samples: [{ timestampMs: 1, value: i }],
}));
const BODY = writeRequestBody(SERIES);
const stores = async () => ({ ok: true, registeredSeries: 1, blockBytes: 1 }) as const;

async function start(t: TestContext, maxInFlightBytes: number, options: TestAppOptions = {}) {
  const settings = {
    FLUX_MAX_IN_FLIGHT_BYTES: String(maxInFlightBytes),
    FLUX_MAX_BODY_BYTES: "100000",
    FLUX_MAX_UNCOMPRESSED_BYTES: "100000",
    FLUX_REQUEST_TIMEOUT_MS: "30000",
  };
  const intake = buildTestApp({ commit: stores, settings, ...options });
  const port = await listen(intake.app);
  t.after(() => intake.app.close());
  const open = async (headers: Record<string, string>, body: Buffer | string, declared = body.length) => {
    const connection = await openRaw(port, writeHead({ ...headers, "content-length": declared }));
    connection.socket.write(body);
    t.after(() => connection.socket.destroy());
    return connection;
  };
  return { ...intake, port, open };
}

const answerOf = async (connection: RawConnection) => {
  await connection.receive(/^HTTP.*\r\n\r\n/s);
  return connection.received();
};

describe("a request for which the others leave no memory is answered 503 with Retry-After", () => {
  const holds = 60_000;

  test("from its declared length, before its body is read", async (t) => {
    const { open, memory, registry } = await start(t, 100_000);
    const first = await open(HEADERS, "", holds);
    await until(() => memory.usedBytes === holds);
    const answer = await answerOf(await open(HEADERS, "", holds));
    assert.match(answer, /^HTTP\/1\.1 503 .*retry-after: 5.*"memory_full: .*FLUX_MAX_IN_FLIGHT_BYTES/is);
    assert.equal(memory.usedBytes, holds);
    assert.match(await registry.metrics(), /flux_requests_refused_total{reason="memory_full"} 1/);
    first.socket.destroy();
    await until(() => memory.usedBytes === 0);
    assert.match(await answerOf(await open(HEADERS, BODY)), / 204 /);
  });

  test("while a body without a length arrives", async (t) => {
    const { port, open, memory } = await start(t, 100_000);
    await open(HEADERS, "", holds);
    await until(() => memory.usedBytes === holds);
    const chunked = await openRaw(
      port,
      `${writeHead({ ...HEADERS, "transfer-encoding": "chunked" })}${holds.toString(16)}\r\n`,
    );
    chunked.socket.write(Buffer.alloc(holds));
    assert.match(await answerOf(chunked), / 503 .*"memory_full: /s);
    chunked.socket.destroy();
  });

  const bodies: [what: string, headers: Record<string, string>, body: Buffer][] = [
    ["snappy declares it", HEADERS, compress(Buffer.alloc(holds))],
    [
      "gzip expands to it",
      { "content-type": "application/json", "content-encoding": "gzip" },
      gzipSync(Buffer.alloc(holds)),
    ],
    ["JSON has to be parsed", { "content-type": "application/json" }, Buffer.from(`{"x":[${"{},".repeat(300)}{}]}`)],
  ];
  for (const [what, headers, body] of bodies) {
    test(`when ${what}`, async (t) => {
      const { open, memory } = await start(t, 100_000);
      await open(HEADERS, "", holds);
      await until(() => memory.usedBytes === holds);
      assert.match(await answerOf(await open({ ...HEADERS, ...headers }, body)), / 503 .*"memory_full: /s);
      assert.equal(memory.usedBytes, holds, "it gave back what it had taken");
    });
  }

  test("when its rows, in memory until Redis has them, are too many", async (t) => {
    let confirm = () => {};
    const commit = () =>
      new Promise<Awaited<ReturnType<typeof stores>>>((resolve) => {
        confirm = () => resolve(stores());
      });
    const decoded = referenceCodec.decodeWriteRequest(encodeWriteRequest(SERIES));
    assert.ok(decoded.ok);
    const rows = decodedBytes(decoded.request);
    const { open, memory } = await start(t, BODY.length * 2 + rows * 2 - 1, { commit });
    const first = await open(HEADERS, BODY);
    await until(() => memory.usedBytes === BODY.length + rows);
    assert.match(await answerOf(await open(HEADERS, BODY)), / 503 .*"memory_full: /s);
    confirm();
    assert.match(await answerOf(first), / 204 /);
    await until(() => memory.usedBytes === 0);
  });
});

test("a request that would not fit if it were alone is refused for good", async (t) => {
  const { open } = await start(t, 50_000);
  const answer = await answerOf(await open(HEADERS, "", 50_001));
  assert.match(answer, /^HTTP\/1\.1 413 .*"body_too_large: .*50001 bytes.*50000 \(FLUX_MAX_IN_FLIGHT_BYTES\)/s);
});

test("senders without a key in a header cannot take the memory of those with one", async (t) => {
  const { open, memory } = await start(t, 80_000);
  const json = { "content-type": "application/json", "x-tenant-id": "acme", "x-server-id": "1" };
  await open(json, "", 6000);
  await until(() => memory.usedBytes === 6000);
  assert.match(await answerOf(await open(json, "", 6000)), / 503 .*"memory_full: /s);
  assert.match(await answerOf(await open(HEADERS, BODY)), / 204 /);
  const payload = JSON.stringify({ key: KEY, metrics: [{ metric: "up", timestamp: 1_700_000_000, value: 1 }] });
  assert.match(await answerOf(await open(json, payload)), / 204 /);
});

describe("all memory is given back, and the request no longer counted as under way, when a request", () => {
  const gzipJson = { ...HEADERS, "content-type": "application/json", "content-encoding": "gzip" };
  const table: [
    what: string,
    status: number,
    headers: Record<string, string>,
    body: Buffer,
    options?: TestAppOptions,
  ][] = [
    ["is stored", 204, HEADERS, BODY],
    ["is only a test", 200, { ...HEADERS, "x-test-only": "true" }, BODY],
    ["is malformed", 400, HEADERS, Buffer.from("junk")],
    ["expands to too much", 413, gzipJson, gzipSync(Buffer.alloc(200_000))],
    ["is cut short inside gzip", 400, gzipJson, gzipSync(Buffer.alloc(50_000)).subarray(0, -9)],
    ["is not taken by Redis", 503, HEADERS, BODY, { commit: () => Promise.reject(new Error("gone")) }],
  ];
  for (const [what, status, headers, body, options] of table) {
    test(what, async (t) => {
      const { open, memory, exchanges } = await start(t, 1_000_000, options);
      assert.match(await answerOf(await open(headers, body)), new RegExp(` ${status} `));
      await until(() => exchanges.size === 0 && memory.usedBytes === 0);
    });
  }

  test("loses its sender", async (t) => {
    const { open, memory, exchanges } = await start(t, 1_000_000);
    const sender = await open(HEADERS, "half", 1000);
    await until(() => memory.usedBytes > 0);
    sender.socket.destroy();
    await until(() => exchanges.size === 0 && memory.usedBytes === 0);
  });
});
