import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { compress, writeRequestBody } from "../../support/write-request.ts";
import { listen, openRaw, type RawConnection, writeHead } from "../support/raw-connection.ts";
import { buildTestApp, KEY, type TestAppOptions } from "../support/test-app.ts";

/*
 * Which answers leave a connection open for the next request. On a real listener.
 */

const HEADERS = { key: KEY, "x-tenant-id": "acme", "x-server-id": "1" };
const BODY = writeRequestBody([{ labels: { __name__: "up" }, samples: [{ timestampMs: 1, value: 1 }] }]);
const MIB = 1024 * 1024;

async function start(t: TestContext, options: TestAppOptions = {}): Promise<number> {
  const commit = async () => ({ ok: true, registeredSeries: 1, blockBytes: 1 }) as const;
  const { app } = buildTestApp({
    commit,
    ...options,
    settings: { FLUX_REQUEST_TIMEOUT_MS: "30000", ...options.settings },
  });
  t.after(() => app.close());
  return listen(app);
}

/** Sends a request and waits for its answer, the only one since the last. */
async function send(connection: RawConnection, headers: Record<string, string>, body: Buffer): Promise<string> {
  const before = connection.received().length;
  connection.socket.write(writeHead({ ...headers, "content-length": body.length }));
  connection.socket.write(body);
  await connection.receive(new RegExp(`^.{${before}}HTTP/1.1 .*\r\n\r\n`, "s"));
  return connection.received().slice(before);
}

describe("a connection carries the next request after", () => {
  const table: [
    what: string,
    status: number,
    headers: Record<string, string>,
    body: Buffer,
    options?: TestAppOptions,
  ][] = [
    ["a stored one", 204, HEADERS, BODY],
    ["one without a key, whose body was not read", 401, {}, BODY],
    ["one with a wrong key and a body of 1 MiB", 403, { ...HEADERS, key: "wrong" }, Buffer.alloc(MIB)],
    ["one of another type", 415, { ...HEADERS, "content-type": "image/png" }, BODY],
    ["one that is a little too large, and was not read", 413, HEADERS, Buffer.alloc(2001)],
    ["one that expands to too much", 413, HEADERS, compress(Buffer.alloc(6000))],
    ["one that was read and is malformed", 400, HEADERS, Buffer.from("junk")],
    ["one that Redis did not take", 503, HEADERS, BODY, { commit: () => Promise.reject(new Error("gone")) }],
  ];
  for (const [what, status, headers, body, options] of table) {
    test(what, async (t) => {
      const port = await start(t, options);
      const connection = await openRaw(port);
      for (let i = 0; i < 3; i++) {
        const answer = await send(connection, headers, body);
        assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `));
        assert.doesNotMatch(answer, /connection: close/i);
      }
      connection.socket.destroy();
    });
  }
});

describe("a connection is closed after the answer, but not before its sender has come to the end, when", () => {
  const check = async (
    t: TestContext,
    head: string,
    status: number,
    body: readonly Buffer[],
    options: TestAppOptions = {},
  ) => {
    const port = await start(t, options);
    const connection = await openRaw(port, head);
    for (const part of body) {
      // Another request meanwhile: time enough to close this connection.
      await (await openRaw(port, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).ended();
      assert.equal(connection.socket.readableEnded, false);
      connection.socket.write(part);
      await connection.receive(/"code":\d+,"message":".*"}$/);
    }
    const answer = await connection.ended();
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `));
    assert.match(answer, /connection: close/i);
  };
  const large = Buffer.alloc(3 * MIB);
  const parts = [large.subarray(0, MIB), large.subarray(MIB)];

  test("much of the body was left unread", (t) =>
    check(t, writeHead({ ...HEADERS, key: "wrong", "content-length": large.length }), 403, parts));

  test("nothing is at its path", (t) =>
    check(t, writeHead({ "content-length": large.length }, "/nothing"), 404, parts));

  test("the body is far too large", (t) =>
    check(t, writeHead({ ...HEADERS, "content-length": large.length }), 413, parts));

  test("the process is stopping, even if little of the body was left unread", (t) =>
    check(
      t,
      writeHead({ ...HEADERS, "content-length": 2000 }),
      503,
      [large.subarray(0, 1000), large.subarray(0, 1000)],
      {
        isStopping: () => true,
      },
    ));

  test("it is not known how much of the body was left unread", (t) =>
    check(t, `${writeHead({ ...HEADERS, "transfer-encoding": "chunked" })}${large.length.toString(16)}\r\n`, 413, [
      ...parts,
      Buffer.from("\r\n0\r\n\r\n"),
    ]));
});

test("a connection is closed after the answer when the process is stopping", async (t) => {
  const port = await start(t, { isStopping: () => true });
  const answer = await (await openRaw(port, `${writeHead({ ...HEADERS, "content-length": 4 })}body`)).ended();
  assert.match(answer, /^HTTP\/1.1 503 .*connection: close/is);
  assert.match(answer, /retry-after: 5/i);
});

test("a sender that goes on sending after its answer is cut off in the end", async (t) => {
  const connection = await openRaw(await start(t), writeHead({ key: "wrong", "transfer-encoding": "chunked" }));
  const chunk = Buffer.concat([Buffer.from("10000\r\n"), Buffer.alloc(65_536), Buffer.from("\r\n")]);
  const flood = () => {
    while (connection.socket.writable && connection.socket.write(chunk));
  };
  connection.socket.on("drain", flood);
  flood();
  await new Promise((resolve) => connection.socket.once("close", resolve));
  assert.match(connection.received(), /^HTTP\/1\.1 403 .*}$/s);
});

test("more connections than FLUX_MAX_CONNECTIONS are closed at once", async (t) => {
  const port = await start(t, { settings: { FLUX_MAX_CONNECTIONS: "1" } });
  const first = await openRaw(port);
  assert.match(await send(first, HEADERS, BODY), / 204 /);
  assert.equal(await (await openRaw(port)).ended(), "");
  assert.match(await send(first, HEADERS, BODY), / 204 /);
  first.socket.destroy();
});
