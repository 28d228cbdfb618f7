import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { Redis } from "ioredis";
import { createMembership } from "../../services/horizon/membership.ts";
import { ShardLease } from "../../services/horizon/shard-lease.ts";
import { shardKeys } from "../../services/shared/buffer-keys.ts";
import { loadScripts, type RunScript } from "../../services/shared/redis-scripts/run-script.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { until } from "../support/until.ts";

let redisServer: RedisServer;
let redis: Redis;
let runScript: RunScript;
before(async () => {
  redisServer = await startRedis();
  redis = new Redis(redisServer.url);
  runScript = loadScripts(redis);
});
after(async () => {
  redis.disconnect();
  await redisServer.stop();
});

const LOST = { name: "LeaseLostError" };

/** A shard that nobody has had, and leases on it whose holders' clock only the test moves. */
function newShard() {
  const keys = shardKeys(`test-${randomUUID()}:`, 0);
  const clock = { nowMs: 1000 };
  const leaseOf = (holder: string, leaseMs = 10_000, run: RunScript = runScript) =>
    new ShardLease({ runScript: run, keys, holder, leaseMs, monotonicMs: () => clock.nowMs });
  return { keys, clock, leaseOf };
}

test("a shard is one holder's until it gives it back, and each turn has a token of its own", async () => {
  const { leaseOf } = newShard();
  const [a, b] = [leaseOf("a"), leaseOf("b")];
  assert.deepEqual(await a.take(), { from: undefined });
  assert.equal(await b.take(), undefined);
  const { token } = a;
  assert.deepEqual(await a.take(), { from: undefined }, "whoever has missed the reply asks again");
  assert.notEqual(a.token, token);
  await a.release();
  assert.deepEqual(await b.take(), { from: undefined });
  assert.notEqual(b.token, token);
  await assert.rejects(a.renew(), LOST);
});

test("what a holder still gives back or renews of an earlier turn does nothing to its present one", async () => {
  const { keys, leaseOf } = newShard();
  const [before, now] = [leaseOf("a"), leaseOf("a")];
  await before.take();
  await now.take();
  await before.release();
  await assert.rejects(before.renew(), LOST);
  assert.equal(await redis.get(keys.lease), now.token);
  await now.renew();
});

test("a lease that has run out is anybody's, who learns whose it was; the one before cannot renew or release it", async () => {
  const { keys, leaseOf } = newShard();
  const [a, b] = [leaseOf("a", 50), leaseOf("b")];
  await a.take();
  await until(async () => (await redis.exists(keys.lease)) === 0);
  await assert.rejects(a.renew(), LOST, "not even while nobody has taken it");
  assert.equal(await redis.exists(keys.lease), 0);
  assert.deepEqual(await b.take(), { from: "a" });
  await a.release();
  assert.equal(await redis.get(keys.lease), b.token);
});

test("a holder knows by its own clock that its time may be over, long before Redis has told it", async () => {
  const { clock, leaseOf } = newShard();
  const lease = leaseOf("a");
  assert.throws(() => lease.assertHeld(), LOST, "before it is taken");
  await lease.take();
  clock.nowMs += 9_999;
  lease.assertHeld();
  await lease.renew();
  clock.nowMs += 9_999;
  lease.assertHeld();
  assert.equal(lease.lost.aborted, false);
  clock.nowMs += 1;
  assert.throws(() => lease.assertHeld(), LOST);
  assert.equal(lease.lost.aborted, true);
  clock.nowMs -= 1;
  assert.throws(() => lease.assertHeld(), LOST, "what is lost stays lost until it is taken again");
  await lease.take();
  lease.assertHeld();
});

test("the time of a lease counts from before Redis was asked, however late the answer comes", async () => {
  const { clock, leaseOf } = newShard();
  const slow: RunScript = async (...args) => {
    const reply = await runScript(...args);
    clock.nowMs += 6000;
    return reply;
  };
  const lease = leaseOf("a", 10_000, slow);
  await lease.take();
  clock.nowMs += 3999;
  lease.assertHeld();
  clock.nowMs += 1;
  assert.throws(() => lease.assertHeld(), LOST);
});

test("a holder that does not reach Redis keeps the shard as long as its lease lasts, and no longer", async () => {
  const { clock, leaseOf } = newShard();
  let isAway = false;
  const lease = leaseOf("a", 10_000, async (...args) => {
    if (isAway) {
      throw new Error("Redis is away");
    }
    return runScript(...args);
  });
  await lease.take();
  isAway = true;
  clock.nowMs += 9_999;
  await assert.rejects(lease.renew(), /Redis is away/);
  assert.equal(lease.lost.aborted, false);
  clock.nowMs += 1;
  await assert.rejects(lease.renew(), LOST);
  assert.equal(lease.lost.aborted, true);
});

test("instances know each other until they leave or have been silent for long, by Redis' clock", async () => {
  const keyPrefix = `test-${randomUUID()}:`;
  const shards = [0, 1, 2].map((shard) => shardKeys(keyPrefix, shard));
  const join = (self: string, expiryMs: number) =>
    createMembership({ redis, runScript, keyPrefix, shards, self, expiryMs });
  const [a, b, c] = [join("a", 60_000), join("b", 300), join("c", 60_000)];
  assert.deepEqual(await b.announce(), ["b"]);
  assert.deepEqual(await c.announce(), ["b", "c"]);
  assert.deepEqual(await a.announce(), ["a", "b", "c"]);
  await c.leave();
  assert.deepEqual(await a.announce(), ["a", "b"]);
  await until(async () => (await a.announce()).join() === "a");
  await redis.set(shards[1]?.lease ?? "", "host:with:colons:17");
  assert.deepEqual(await a.owners(), [undefined, "host:with:colons", undefined]);
});
