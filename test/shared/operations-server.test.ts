import assert from "node:assert/strict";
import { test } from "node:test";
import { Gauge, Registry } from "prom-client";
import { createLogger } from "../../services/shared/logger.ts";
import { buildOperationsApp, type Operations, openOperationsServer } from "../../services/shared/operations-server.ts";

function operations(over: Partial<Operations> = {}): Operations {
  return {
    registry: new Registry(),
    isReady: async () => ({ ready: true, detail: { redis: "ok" } }),
    status: () => ({ version: "1.2.3" }),
    reload: async () => ({ ok: true, needRestart: ["FLUX_PORT"] }),
    logger: createLogger("test", "silent"),
    ...over,
  };
}

test("/-/healthy answers ok whatever the service needs", async () => {
  const app = buildOperationsApp(operations({ isReady: async () => ({ ready: false, detail: {} }) }));
  const reply = await app.inject("/-/healthy");
  assert.equal(reply.statusCode, 200);
  assert.equal(reply.body, "ok");
});

test("/-/ready is 200 or 503, with what each dependency says", async () => {
  const up = await buildOperationsApp(operations()).inject("/-/ready");
  assert.equal(up.statusCode, 200);
  assert.deepEqual(up.json(), { ready: true, detail: { redis: "ok" } });

  const readiness = { ready: false, detail: { redis: "no connection" } };
  const down = await buildOperationsApp(operations({ isReady: async () => readiness })).inject("/-/ready");
  assert.equal(down.statusCode, 503);
  assert.deepEqual(down.json(), readiness);

  const isReady = () => Promise.reject(new Error("secret detail"));
  const broken = await buildOperationsApp(operations({ isReady })).inject("/-/ready");
  assert.equal(broken.statusCode, 503);
  assert.equal(broken.json().ready, false);
  assert.ok(!broken.body.includes("secret detail"));
});

test("/-/status is what the service says of itself; a failure is hidden from the client and logged", async () => {
  const fine = await buildOperationsApp(operations()).inject("/-/status");
  assert.deepEqual(fine.json(), { version: "1.2.3" });

  const lines: string[] = [];
  const broken = buildOperationsApp(
    operations({
      status: () => Promise.reject(new Error("inner words")),
      logger: createLogger("test", "error", { write: (line: string) => lines.push(line) }),
    }),
  );
  const reply = await broken.inject("/-/status");
  assert.equal(reply.statusCode, 500);
  assert.ok(!reply.body.includes("inner words"));
  assert.ok(lines.join().includes("inner words"));
});

test("POST /-/reload reloads, whatever is sent along, and says what came of it", async () => {
  const app = buildOperationsApp(operations());
  const form = { "content-type": "application/x-www-form-urlencoded" };
  for (const request of [{}, { payload: "a=b", headers: form }]) {
    const reply = await app.inject({ method: "POST", url: "/-/reload", ...request });
    assert.equal(reply.statusCode, 200);
    assert.deepEqual(reply.json(), { ok: true, needRestart: ["FLUX_PORT"] });
  }
  const outcome = { ok: false, problems: ["cannot use FLUX_PORT"] } as const;
  const refusing = buildOperationsApp(operations({ reload: async () => outcome }));
  const reply = await refusing.inject({ method: "POST", url: "/-/reload" });
  assert.equal(reply.statusCode, 400);
  assert.deepEqual(reply.json(), outcome);
});

test("GET /-/reload reloads nothing", async () => {
  const app = buildOperationsApp(operations({ reload: () => assert.fail("reload was called") }));
  assert.equal((await app.inject("/-/reload")).statusCode, 404);
});

test("/metrics is the registry in Prometheus' text format", async () => {
  const registry = new Registry();
  new Gauge({ name: "flux_test", help: "A test.", registers: [registry] }).set(7);
  const reply = await buildOperationsApp(operations({ registry })).inject("/metrics");
  assert.equal(reply.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
  assert.match(reply.body, /^flux_test 7$/m);
});

test("a server listens on a free port, says which, and closes although a client holds a connection", async () => {
  const server = await openOperationsServer({ ...operations(), host: "127.0.0.1", port: 0 });
  assert.notEqual(server.port, 0);
  const url = `http://127.0.0.1:${server.port}/-/healthy`;
  assert.equal(await (await fetch(url)).text(), "ok");
  await server.close();
  await assert.rejects(fetch(url));
});

test("a port that is taken is an error that names the address", async (t) => {
  const first = await openOperationsServer({ ...operations(), host: "127.0.0.1", port: 0 });
  t.after(() => first.close());
  await assert.rejects(openOperationsServer({ ...operations(), host: "127.0.0.1", port: first.port }), {
    message: `cannot listen on 127.0.0.1:${first.port}: another process uses this port`,
  });
  await assert.rejects(openOperationsServer({ ...operations(), host: "192.0.2.1", port: 1 }), {
    message: "cannot listen on 192.0.2.1:1: this machine has no such address",
  });
});
