import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { writeRequestBody } from "../../support/write-request.ts";
import { listen, openRaw, writeHead } from "../support/raw-connection.ts";
import { buildTestApp, KEY, type TestAppOptions } from "../support/test-app.ts";

/*
 * Senders that take too long, on a real listener with small limits.
 */

const HEADERS = { key: KEY, "x-tenant-id": "acme", "x-server-id": "1" };
const BODY = writeRequestBody([{ labels: { __name__: "up" }, samples: [{ timestampMs: 1, value: 1 }] }]);
const FAST = { FLUX_HEADERS_TIMEOUT_MS: "500", FLUX_REQUEST_TIMEOUT_MS: "1000" };
/** Each test waits for a limit: they wait together. */
const TOGETHER = { concurrency: true };

async function start(t: TestContext, options: TestAppOptions = {}) {
  const intake = buildTestApp({ settings: FAST, ...options });
  const port = await listen(intake.app);
  t.after(() => intake.app.close());
  const counted = async (reason: string) => {
    const metrics = await intake.registry.metrics();
    return Number(new RegExp(`flux_requests_refused_total{reason="${reason}"} (\\d+)`).exec(metrics)?.[1]);
  };
  return { ...intake, port, counted };
}

describe(
  "a sender that is too slow is told to come again, its connection is closed, and it is counted, when",
  TOGETHER,
  () => {
    const check = async (t: TestContext, begins: string) => {
      const { port, counted, memory } = await start(t);
      const answer = await (await openRaw(port, begins)).ended();
      assert.match(answer, /^HTTP\/1\.1 503 Service Unavailable\r\n/);
      assert.match(answer, /connection: close\r\n/i);
      assert.match(answer, /retry-after: 5\r\n/i);
      assert.match(answer, /\r\n\r\n{"code":503,"message":"request_timeout: .*FLUX_REQUEST_TIMEOUT_MS/);
      assert.equal(await counted("request_timeout"), 1);
      assert.equal(memory.usedBytes, 0);
    };

    test("the headers do not end", (t) => check(t, "POST /api/v1/write HTTP/1.1\r\nhost: x\r\nx-slow"));

    test("the body does not begin", (t) => check(t, writeHead({ ...HEADERS, "content-length": 1000 })));

    test("the body does not end", (t) => check(t, `${writeHead({ ...HEADERS, "content-length": 1000 })}half`));

    test("a body without a length does not end", (t) =>
      check(t, `${writeHead({ ...HEADERS, "transfer-encoding": "chunked" })}4\r\nhalf\r\n`));

    test("a JSON body whose key is looked for does not end", (t) =>
      check(t, `${writeHead({ "content-type": "application/json", "content-length": 1000 })}{"key":`));

    test("the form of an InfluxDB query does not end", async (t) => {
      const { port } = await start(t);
      const answer = await (await openRaw(port, `${writeHead({ "content-length": 100 }, "/query")}q=`)).ended();
      assert.match(answer, /^HTTP\/1\.1 503 /);
    });
  },
);

describe("a limit of time", TOGETHER, () => {
  test("gives a sender that writes a byte now and then no more", async (t) => {
    const { port, counted } = await start(t);
    const slow = await openRaw(port, writeHead({ ...HEADERS, "transfer-encoding": "chunked" }));
    const drip = setInterval(() => slow.socket.write("1\r\nx\r\n"), 20);
    t.after(() => clearInterval(drip));
    assert.match(await slow.ended(), /^HTTP\/1\.1 503 /);
    assert.equal(await counted("request_timeout"), 1);
  });

  test("closes a connection on which nothing was ever sent without an answer, and counts no request", async (t) => {
    const { port, counted } = await start(t);
    assert.equal(await (await openRaw(port)).ended(), "");
    assert.equal(await counted("request_timeout"), 0);
  });

  test("is none for a connection that is idle between requests", async (t) => {
    const { port } = await start(t, { commit: async () => ({ ok: true, registeredSeries: 1, blockBytes: 1 }) });
    const sender = await openRaw(port);
    const request = Buffer.concat([Buffer.from(writeHead({ ...HEADERS, "content-length": BODY.length })), BODY]);
    sender.socket.write(request);
    await sender.receive(/ 204 /);
    // Another connection lives through all the time that a request has.
    await (await openRaw(port)).ended();
    await (await openRaw(port, "POST / HTTP/1.1\r\n")).ended();
    sender.socket.write(request);
    await sender.receive(/ 204 .* 204 /s);
    sender.socket.destroy();
  });

  test("closes a connection whose request was answered before its body had come, without a second answer", async (t) => {
    const { port, counted } = await start(t);
    const sender = await openRaw(port, `${writeHead({ key: "wrong", "content-length": 100 })}half`);
    const answers = await sender.ended();
    assert.match(answers, /^HTTP\/1\.1 403 /);
    assert.equal(answers.split("HTTP/1.1").length, 2, answers);
    assert.equal(await counted("request_timeout"), 0);
  });

  test("is over when a request has come whole, however long Redis needs", async (t) => {
    let confirm = () => {};
    const { port } = await start(t, {
      commit: () =>
        new Promise((resolve) => {
          confirm = () => resolve({ ok: true, registeredSeries: 1, blockBytes: 1 });
        }),
    });
    const sender = await openRaw(port);
    sender.socket.write(Buffer.concat([Buffer.from(writeHead({ ...HEADERS, "content-length": BODY.length })), BODY]));
    await (await openRaw(port, `${writeHead({ ...HEADERS, "content-length": 9 })}late`)).ended();
    assert.equal(sender.received(), "");
    confirm();
    await sender.receive(/^HTTP\/1\.1 204 /);
    sender.socket.destroy();
  });
});

describe("a connection that breaks HTTP's rules is answered and closed, and counted:", TOGETHER, () => {
  const table: [what: string, text: string, status: number, reason: string][] = [
    ["what is not HTTP", "\x16\x03\x01 hello\r\n\r\n", 400, "malformed_http"],
    ["headers without end", `GET / HTTP/1.1\r\nx: ${"x".repeat(20_000)}`, 431, "headers_too_large"],
    ["a megabyte of rules", writeHead({ ...HEADERS, dropMetrics: "a,".repeat(500_000) }), 431, "headers_too_large"],
    [
      "chunks that are none",
      `${writeHead({ ...HEADERS, "transfer-encoding": "chunked" })}zz\r\n`,
      400,
      "malformed_http",
    ],
  ];
  for (const [what, text, status, reason] of table) {
    test(what, async (t) => {
      const { port, counted } = await start(t);
      const answer = await (await openRaw(port, text)).ended();
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `));
      assert.match(answer, new RegExp(`"${reason}: `));
      assert.equal(answer.split("HTTP/1.1").length, 2, "one answer");
      assert.equal(await counted(reason), 1);
    });
  }
});

test("a body that ends too early is 503, never 4xx, for which senders give data up", async (t) => {
  const { port, counted } = await start(t);
  const sender = await openRaw(port, `${writeHead({ ...HEADERS, "content-length": 100 })}half`);
  sender.socket.end();
  assert.match(await sender.ended(), /^HTTP\/1\.1 503 .*"body_incomplete: /s);
  assert.equal(await counted("body_incomplete"), 1);
});
