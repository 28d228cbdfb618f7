import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import type { SinkName } from "../../services/horizon/claim-state.ts";
import { generationAt } from "../../services/shared/generation.ts";
import { type BlockSpec, createBufferFiller } from "../horizon/support/buffer-filler.ts";
import { createRig, type Rig } from "../horizon/support/horizon-rig.ts";
import { type RecordingReceiver, startRecordingReceiver } from "../horizon/support/recording-receiver.ts";
import { type HorizonProcess, spawnHorizon } from "../horizon/support/spawn-horizon.ts";
import { timeSeriesSamples } from "../horizon/support/stored-samples.ts";
import { readAccount } from "../support/horizon-account.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/until.ts";

/*
 * Several Horizons, each a process of its own, on one Redis.
 */

let redisServer: RedisServer;
before(async () => {
  redisServer = await startRedis();
});
after(() => redisServer.stop());

const MINUTE = Date.now() - (Date.now() % 60_000) - 600_000;
const names = Array.from({ length: 8 }, (_, i) => `m${i}`);

/** A sample of every name. */
function blockAt(timestampMs: number, value: number): BlockSpec {
  return {
    generation: generationAt(Date.now()),
    samples: names.map((__name__) => [{ __name__ }, timestampMs, value]),
  };
}

async function start(t: TestContext, rig: Rig, settings: Record<string, string>): Promise<HorizonProcess> {
  const horizon = await spawnHorizon({
    REDIS_URL: redisServer.url,
    REDIS_KEY_PREFIX: rig.prefix,
    HORIZON_INTERVAL_SECONDS: "0.2",
    HORIZON_LEASE_SECONDS: "1",
    VICTORIAMETRICS_SETTLE_SECONDS: "0",
    ...settings,
  });
  t.after(() => horizon.stop());
  return horizon;
}

async function receiverFor(t: TestContext): Promise<RecordingReceiver> {
  const receiver = await startRecordingReceiver();
  t.after(() => receiver.stop());
  return receiver;
}

/** Samples that some processes have accounted for, which has to balance in each. */
async function accounted(sink: SinkName, ...horizons: readonly HorizonProcess[]): Promise<number> {
  let total = 0;
  for (const { adminUrl } of horizons) {
    const { claimed, settled } = await readAccount(adminUrl, sink);
    assert.equal(claimed, settled, sink);
    total += claimed;
  }
  return total;
}

test("a Horizon that is frozen in the middle of a claim does no harm when it wakes up", async (t) => {
  const rig = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: false });
  const proxy = await startTcpProxy(redisServer.port);
  t.after(() => proxy.stop());
  // One sample a command: the claim takes several turns of commands, and the sleeper has some of them before it. Its
  // commands are not to time out while it sleeps: it would do nothing harmful for that reason alone.
  const settings = { VICTORIAMETRICS_ENABLED: "false", RTS_BATCH_SAMPLES: "1", REDIS_TIMEOUT_MS: "60000" };
  const sleeper = await start(t, rig, { ...settings, RTS_REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
  await rig.filler.write(blockAt(MINUTE, 0));
  await until(async () => (await accounted("timeseries", sleeper)) === 8);

  const held = proxy.holdRepliesAfter(rig.filler.idOf(blockAt(0, 0), { __name__: "m0" }));
  await rig.filler.write(blockAt(MINUTE + 70_000, 1));
  await held;
  await sleeper.pause();
  proxy.release();
  const heir = await start(t, rig, { ...settings, RTS_REDIS_URL: redisServer.url });
  await until(async () => (await accounted("timeseries", heir)) === 8);
  assert.equal(await heir.metric("horizon_shard_takeovers_total"), 1);
  await rig.filler.write(blockAt(MINUTE + 110_000, 2));
  await until(async () => (await accounted("timeseries", heir)) === 16);

  sleeper.resume();
  await until(async () => (await sleeper.metric("horizon_leases_lost_total")) === 1);
  for (const name of names) {
    const stored = await timeSeriesSamples(rig.redis, rig.prefix, rig.filler.idOf(blockAt(0, 0), { __name__: name }));
    assert.deepEqual(stored, [
      [MINUTE, "0"],
      [MINUTE + 60_000, "2"],
    ]);
  }
  assert.equal(await accounted("timeseries", sleeper, heir), 24);
  await until(async () => (await heir.status()).instances.length === 2);
  const { instance, shards } = await heir.status();
  assert.deepEqual([shards[0]?.holder, await sleeper.metric("horizon_shards_held")], [instance, 0]);
});

test("what a Horizon that is killed has claimed is delivered by another, without waiting for the next interval", async (t) => {
  const receiver = await receiverFor(t);
  const rig = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: false });
  const settings = { RTS_ENABLED: "false", VICTORIAMETRICS_URL: receiver.url, HORIZON_INTERVAL_SECONDS: "3600" };
  receiver.answer = ({ series }) => (series.length > 0 ? "never" : { status: 204 });
  await rig.filler.write(blockAt(MINUTE, 1));
  const first = await start(t, rig, settings);
  await until(() => receiver.requests.some(({ series }) => series.length > 0));
  const second = await start(t, rig, settings);
  await until(async () => (await second.status()).instances.length === 2);
  assert.equal(await second.metric("horizon_shards_held"), 0);

  await first.kill();
  receiver.answer = () => ({ status: 204 });
  await until(async () => (await accounted("victoriametrics", second)) === 8);
  assert.equal(receiver.accepted().size, 8);
  assert.equal(await second.metric("horizon_shard_takeovers_total"), 1);
  assert.equal(await rig.redis.hlen(rig.keys.claims), 0);
});

/** The shards that an instance holds, each with the time since when. */
async function heldBy(horizon: HorizonProcess): Promise<string[]> {
  const { shards } = await horizon.status();
  return shards.flatMap(({ shard, heldSince }) => (heldSince === undefined ? [] : [`${shard} since ${heldSince}`]));
}

test("a Horizon that is stopped gives its shards back, and one that comes gets its share", async (t) => {
  const receiver = await receiverFor(t);
  const rig = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: false });
  const settings = { RTS_ENABLED: "false", VICTORIAMETRICS_URL: receiver.url, HORIZON_SHARDS: "8" };
  const shares = async (...horizons: readonly HorizonProcess[]) =>
    (await Promise.all(horizons.map((one) => one.metric("horizon_shards_held")))).join();
  const first = await start(t, rig, settings);
  await until(async () => (await shares(first)) === "8");
  const second = await start(t, rig, settings);
  await until(async () => (await shares(first, second)) === "4,4");
  const kept = await heldBy(first);
  const third = await start(t, rig, settings);
  await until(async () => (await shares(first, second, third)).split(",").sort().join() === "2,3,3");
  const left = await heldBy(first);
  assert.ok(left.length >= 2);
  assert.deepEqual(
    left.filter((held) => !kept.includes(held)),
    [],
    "an instance keeps what it need not give up",
  );
  await third.stop();
  await until(async () => (await shares(first, second)) === "4,4");
  await second.stop();
  await until(async () => (await shares(first)) === "8");
  assert.equal(await first.metric("horizon_shard_takeovers_total"), 0, "what is given back is not taken over");
  assert.equal(await first.metric("horizon_leases_lost_total"), 0);
  await first.stop();
  const leftKeys = (await rig.redis.keys(`${rig.prefix}horizon.*`)).map((key) => key.slice(rig.prefix.length)).sort();
  assert.deepEqual(
    leftKeys,
    Array.from({ length: 8 }, (_, shard) => `horizon.fence.{flux:${shard}}`),
  );
});

test("a shard whose store hangs does not hold up the others, which share the turns that are left", async (t) => {
  const receiver = await receiverFor(t);
  const rig = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: false });
  const others = await Promise.all([1, 2].map((shard) => createBufferFiller(rig.redis, rig.prefix, shard)));
  let answerSlow: () => void = () => undefined;
  const slow = new Promise<void>((resolve) => {
    answerSlow = resolve;
  });
  receiver.answer = async ({ series }) => {
    if (series.some(({ labels }) => labels["__name__"] === "slow")) {
      await slow;
    }
    return { status: 204 };
  };
  const generation = generationAt(Date.now());
  await rig.filler.write({ generation, samples: [[{ __name__: "slow" }, MINUTE, 1]] });
  const horizon = await start(t, rig, {
    ...{ RTS_ENABLED: "false", VICTORIAMETRICS_URL: receiver.url },
    ...{ HORIZON_SHARDS: "3", HORIZON_SHARDS_AT_ONCE: "2" },
  });
  await until(() => receiver.requests.some(({ series }) => series.length > 0));
  for (let round = 1; round <= 3; round++) {
    for (const filler of others) {
      await filler.write({ generation, samples: [[{ __name__: "quick" }, MINUTE + round, round]] });
    }
    await until(async () => (await accounted("victoriametrics", horizon)) === 2 * round);
  }
  answerSlow();
  await until(async () => (await accounted("victoriametrics", horizon)) === 7);
});
