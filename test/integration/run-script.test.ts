import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Redis } from "ioredis";
import { loadScripts, type RunScript } from "../../services/shared/redis-scripts/run-script.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";

let server: RedisServer;
let redis: Redis;
let runScript: RunScript;
before(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
  runScript = loadScripts(redis);
});
after(async () => {
  redis.disconnect();
  await server.stop();
});

const announce = (...names: string[]) =>
  Promise.all(names.map((name) => runScript("announce-instance", ["instances"], [name, 60_000])));

test("a script runs on a Redis that does not know it, again after it has forgotten it, and each run once", async () => {
  await redis.script("FLUSH");
  assert.deepEqual(await announce("a", "b"), [[Buffer.from("a")], [Buffer.from("a"), Buffer.from("b")]]);
  await redis.script("FLUSH");
  assert.deepEqual(
    (await announce("c"))[0],
    ["a", "b", "c"].map((name) => Buffer.from(name)),
  );
  await redis.config("RESETSTAT");
  await announce("d", "e");
  const stats = await redis.info("commandstats");
  assert.match(stats, /cmdstat_evalsha:calls=2,/, "a script that Redis knows is sent as its digest");
  assert.doesNotMatch(stats, /cmdstat_eval:/);
});

test("bytes, numbers and words of any language reach a script as they are", async () => {
  const name = Buffer.from([0, 13, 10, 36, 255, 128]);
  await redis.del("ключ");
  assert.deepEqual(await runScript("announce-instance", ["ключ"], [name, 60_000]), [name]);
  assert.deepEqual(await runScript("announce-instance", ["ключ"], ["名", "60000"]), [name, Buffer.from("名")]);
  assert.equal(await redis.zcard("ключ"), 2);
});

test("what a script complains about is thrown, and the connection goes on", async () => {
  await redis.set("word", "x");
  await assert.rejects(runScript("announce-instance", ["word"], ["a", 1]), /WRONGTYPE/);
  assert.equal(await redis.get("word"), "x");
});

test("what is run in one turn of the event loop leaves at once, and in its order", async () => {
  const reads = async () => Number(/total_reads_processed:(\d+)/.exec(await redis.info("stats"))?.[1]);
  await announce("warm");
  const before = await reads();
  const names = Array.from({ length: 100 }, (_, i) => `n${String(i).padStart(3, "0")}`);
  const replies = await announce(...names);
  assert.deepEqual(
    replies.map((reply) => Array.isArray(reply) && reply.length),
    names.map((_, i) => (Array.isArray(replies[0]) ? replies[0].length : 0) + i),
  );
  // Without, Redis would read each for itself.
  assert.ok((await reads()) - before < names.length / 4);
});
