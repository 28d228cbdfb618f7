import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Server } from "node:https";
import { type TestContext, test } from "node:test";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { type Certificate, checkCertificate } from "../../../services/flux/http/certificate.ts";
import { writeRequestBody } from "../../support/write-request.ts";
import { listen, openRaw, writeHead } from "../support/raw-connection.ts";
import { buildTestApp, KEY } from "../support/test-app.ts";

const pem = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url), "utf8");
const CA = pem("ca.pem");
const CLIENT = { cert: pem("client.pem"), key: pem("client-key.pem") };
const BODY = writeRequestBody([{ labels: { __name__: "up" }, samples: [{ timestampMs: 1, value: 1 }] }]);
const REQUEST = Buffer.concat([
  Buffer.from(writeHead({ key: KEY, "x-tenant-id": "acme", "x-server-id": "1", "content-length": BODY.length })),
  BODY,
]);

function certificate(name: "server" | "renewed", clientCa?: string): Certificate {
  const texts = { cert: pem(`${name}.pem`), key: pem(`${name}-key.pem`), clientCa };
  const checked = checkCertificate(texts, { certFile: "", keyFile: "" });
  assert.ok(checked.ok);
  return checked.certificate;
}

async function start(t: TestContext, served: Certificate) {
  const { app } = buildTestApp({
    certificate: served,
    commit: async () => ({ ok: true, registeredSeries: 1, blockBytes: 1 }),
    settings: { FLUX_HEADERS_TIMEOUT_MS: "700", FLUX_REQUEST_TIMEOUT_MS: "1000" },
  });
  const port = await listen(app);
  t.after(() => app.close());
  const open = (options: ConnectionOptions = {}) => {
    const socket = connect({ host: "127.0.0.1", port, ca: CA, ...options });
    t.after(() => socket.destroy());
    return socket;
  };
  return { app, port, open };
}

/** Sends bytes and gives what comes first: the beginning of an answer, or why there is none. */
function exchange(socket: TLSSocket, bytes = REQUEST): Promise<string> {
  return new Promise((resolve) => {
    socket.once("data", (data: Buffer) => resolve(String(data)));
    socket.once("error", (error) => resolve(error.message));
    socket.once("close", () => resolve("closed without an answer"));
    socket.write(bytes);
  });
}

const STORED = /^HTTP\/1\.1 204 /;

test("the intake speaks TLS 1.2 and 1.3, and nothing older", async (t) => {
  const { open } = await start(t, certificate("server"));
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    const socket = open({ minVersion: version, maxVersion: version });
    assert.match(await exchange(socket), STORED);
    assert.equal(socket.getProtocol(), version);
  }
  // What a client of our own library still can do must not be what stops it.
  const old = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
  assert.match(await exchange(open(old)), /alert protocol version/);
});

test("a new certificate serves new connections, and those that are open stay", async (t) => {
  const { app, open } = await start(t, certificate("server"));
  const before = open();
  assert.match(await exchange(before), STORED);
  assert.ok(app.server instanceof Server);
  app.server.setSecureContext(certificate("renewed").options);
  const after = open();
  assert.match(await exchange(after), STORED);
  assert.equal(after.getPeerCertificate().subject.CN, "second server of the tests");
  assert.match(await exchange(before), STORED);
  assert.equal(before.getPeerCertificate().subject.CN, "first server of the tests");
});

test("where an authority of clients is set, a client has to show a certificate of it", async (t) => {
  const { app, open } = await start(t, certificate("server", CA));
  const foreign = { cert: pem("server.pem"), key: pem("server-key.pem") };
  const check = async () => {
    assert.match(await exchange(open(CLIENT)), STORED);
    assert.doesNotMatch(await exchange(open()), /HTTP/);
    assert.doesNotMatch(await exchange(open(foreign)), /HTTP/, "a certificate of a server is none of a client");
  };
  await check();
  assert.ok(app.server instanceof Server);
  app.server.setSecureContext(certificate("renewed", CA).options);
  await check();
});

test("a sender that is too slow is told to come again through TLS as well", async (t) => {
  const { open } = await start(t, certificate("server"));
  const socket = open();
  assert.match(await exchange(socket, REQUEST.subarray(0, -3)), /^HTTP\/1\.1 503 .*"request_timeout: /s);
  await once(socket, "end");
});

test("a connection that never asks for anything is closed without an answer", async (t) => {
  const { open } = await start(t, certificate("server"));
  assert.equal(await exchange(open(), Buffer.alloc(0)), "closed without an answer");
});

test("connections that never come to speak TLS are closed", async (t) => {
  const { port } = await start(t, certificate("server"));
  assert.doesNotMatch(await (await openRaw(port)).ended(), /HTTP/);
  assert.doesNotMatch(await (await openRaw(port, writeHead({ host: "x" }))).ended(), /HTTP/);
});
