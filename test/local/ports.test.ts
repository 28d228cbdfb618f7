import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { LocalProblem } from "../../services/local/local-problem.ts";
import { choosePorts, type PortWish, portProblem, repeatedPorts } from "../../services/local/ports.ts";

const HOST = "127.0.0.1";
const REDIS: PortWish = { server: "Redis", setting: "LOCAL_REDIS_PORT", host: HOST, port: 6390 };
const FLUX: PortWish = { server: "Flux", setting: "FLUX_PORT", hostSetting: "FLUX_HOST", host: "10.9.8.7", port: 80 };

test("a port that cannot be had names the server, the reason and the setting to change", () => {
  const check = (wish: PortWish, code: string, want: string) => assert.equal(portProblem(wish, code), want);
  check(
    REDIS,
    "EADDRINUSE",
    "cannot start Redis: port 6390 is taken by another program: set LOCAL_REDIS_PORT to another port, or to 0 for any free one",
  );
  check(FLUX, "EACCES", "cannot start Flux: this user may not listen on port 80: set FLUX_PORT to a port above 1023");
  check(
    FLUX,
    "EADDRNOTAVAIL",
    "cannot start Flux: cannot listen on 10.9.8.7 port 80 (EADDRNOTAVAIL): change FLUX_HOST or FLUX_PORT",
  );
  check(REDIS, "EINVAL", "cannot start Redis: cannot listen on 127.0.0.1 port 6390 (EINVAL): change LOCAL_REDIS_PORT");
});

test("two servers on one port are named, and any number of servers may ask for any free port", () => {
  const wish = (setting: string, port: number) => ({ server: "Flux", setting, host: HOST, port });
  assert.deepEqual(repeatedPorts([wish("A", 0), wish("B", 0), wish("C", 1)]), []);
  assert.deepEqual(repeatedPorts([wish("A", 1), wish("B", 2), wish("C", 1)]), [
    "cannot start Flux: C and A are both 1: change one of them",
  ]);
});

test("port 0 becomes a free port, a different one for each server", async () => {
  const wishes = ["A", "B", "C"].map((setting) => ({ server: "x", setting, host: HOST, port: 0 }));
  const ports = await choosePorts(wishes);
  assert.deepEqual([...ports.keys()], ["A", "B", "C"]);
  assert.equal(new Set(ports.values()).size, 3);
  assert.ok([...ports.values()].every((port) => port > 1023));
});

test("a taken port is a problem that names its setting, and a free one is kept", async (t) => {
  const server = createServer();
  const taken = await new Promise<number>((resolve) => {
    server.listen(0, HOST, () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : 0);
    });
  });
  t.after(() => server.close());
  const wish = { ...REDIS, port: taken };
  await assert.rejects(choosePorts([wish]), (error) => {
    assert.ok(error instanceof LocalProblem);
    assert.equal(error.message, portProblem(wish, "EADDRINUSE"));
    return true;
  });
  const free = (await choosePorts([{ ...REDIS, port: 0 }])).get(REDIS.setting) ?? 0;
  assert.deepEqual(await choosePorts([{ ...REDIS, port: free }]), new Map([[REDIS.setting, free]]));
});
