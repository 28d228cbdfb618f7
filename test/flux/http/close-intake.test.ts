import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { type Certificate, checkCertificate } from "../../../services/flux/http/certificate.ts";
import { closeIntake } from "../../../services/flux/http/close-intake.ts";
import { Connections } from "../../../services/flux/http/connections.ts";
import { until } from "../../support/until.ts";
import { writeRequestBody } from "../../support/write-request.ts";
import { listen, openRaw, writeHead } from "../support/raw-connection.ts";
import { buildTestApp, KEY } from "../support/test-app.ts";

const HEADERS = { key: KEY, "x-tenant-id": "acme", "x-server-id": "1" };
const BODY = writeRequestBody([{ labels: { __name__: "up" }, samples: [{ timestampMs: 1, value: 1 }] }]);
const HEAD = writeHead({ ...HEADERS, "content-length": BODY.length });
const NEVER_MS = 60_000;

function serverCertificate(): Certificate {
  const [cert = "", key = ""] = ["server.pem", "server-key.pem"].map((name) =>
    readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url), "utf8"),
  );
  const checked = checkCertificate({ cert, key }, { certFile: "", keyFile: "" });
  assert.ok(checked.ok);
  return checked.certificate;
}

/** An intake whose Redis confirms when `confirm` is called. */
async function start(t: TestContext, certificate?: Certificate) {
  const waiting: (() => void)[] = [];
  let stopping = false;
  const { app, exchanges, registry } = buildTestApp({
    isStopping: () => stopping,
    settings: { FLUX_REQUEST_TIMEOUT_MS: String(NEVER_MS), FLUX_HEADERS_TIMEOUT_MS: String(NEVER_MS) },
    ...(certificate && { certificate }),
    commit: () =>
      new Promise((resolve) => {
        waiting.push(() => resolve({ ok: true, registeredSeries: 1, blockBytes: 1 }));
      }),
  });
  const connections = new Connections();
  app.server.on("connection", (socket) => connections.add(socket));
  const port = await listen(app);
  t.after(() => app.close());
  const confirm = () => {
    for (const one of waiting.splice(0)) {
      one();
    }
  };
  const close = (patienceMs: number) => {
    stopping = true;
    return closeIntake(app, { exchanges, connections }, patienceMs);
  };
  return { app, port, registry, exchanges, connections, close, confirm, waiting };
}

test("an intake that ends waits for Redis to confirm what it has taken", async (t) => {
  const { app, port, close, confirm, waiting } = await start(t);
  const sender = await openRaw(port, HEAD);
  sender.socket.write(BODY);
  await until(() => waiting.length === 1);
  const closed = close(0);
  // Those that come now are told to come again; and the first has still not been answered.
  const late = await (await openRaw(port, `${writeHead({ ...HEADERS, "content-length": 0 })}`)).ended();
  assert.match(late, /^HTTP\/1\.1 503 .*connection: close.*"shutting_down: /is);
  assert.equal(sender.received(), "");
  confirm();
  assert.match(await sender.ended(), /^HTTP\/1\.1 204 .*connection: close/is);
  await closed;
  assert.equal(app.server.listening, false);
});

test("an intake that ends lets those whom it sent away come to an end, and lets nobody new in", async (t) => {
  const { app, port, close, confirm, waiting } = await start(t);
  const sender = await openRaw(port, HEAD);
  sender.socket.write(BODY);
  await until(() => waiting.length === 1);
  const closed = close(NEVER_MS);
  const late = await openRaw(port, `${writeHead({ ...HEADERS, "content-length": 8 })}half`);
  await late.receive(/^HTTP\/1\.1 503 .*"}$/s);
  confirm();
  await sender.ended();
  await until(() => !app.server.listening);
  await assert.rejects(openRaw(port), { code: "ECONNREFUSED" });
  assert.equal(late.socket.readableEnded, false);
  late.socket.write("half");
  await late.ended();
  await closed;
});

test("an intake that ends gives up bodies that arrive too slowly, with an answer to come again", async (t) => {
  const { port, exchanges, close, registry } = await start(t);
  const sender = await openRaw(port, `${HEAD}half`);
  await until(() => exchanges.size === 1);
  const closed = close(10);
  assert.match(
    await sender.ended(),
    /^HTTP\/1\.1 503 .*retry-after: 5.*connection: close.*"shutting_down: .*too long/is,
  );
  await closed;
  assert.match(await registry.metrics(), /flux_requests_refused_total{reason="shutting_down"} 1/);
});

for (const certificate of [undefined, serverCertificate()]) {
  const kind = certificate ? "an intake that speaks TLS" : "an intake";
  test(`${kind} waits in the end for nobody who has not asked for anything`, async (t) => {
    const { port, connections, close } = await start(t, certificate);
    const silent = await openRaw(port);
    const begun = await openRaw(port, "POST /api/v1/write HTTP/1.1\r\nhost:");
    await until(() => connections.size === 2);
    await close(NEVER_MS);
    await until(() => connections.size === 0);
    assert.equal(await silent.ended(), "");
    assert.equal(begun.received(), "");
    begun.socket.destroy();
  });
}
