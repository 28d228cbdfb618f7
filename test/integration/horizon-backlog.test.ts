import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { Redis } from "ioredis";
import { type CycleReport, runCycle } from "../../services/horizon/cycle.ts";
import { generationAt } from "../../services/shared/generation.ts";
import { createRig, GENERATION, type Rig, type RigOptions, START_MS } from "../horizon/support/horizon-rig.ts";
import { type RecordingReceiver, startRecordingReceiver } from "../horizon/support/recording-receiver.ts";
import { spawnHorizon } from "../horizon/support/spawn-horizon.ts";
import { timeSeriesSamples } from "../horizon/support/stored-samples.ts";
import { readAccount } from "../support/horizon-account.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { until } from "../support/until.ts";

/*
 * What waits for a store that is away, and what becomes of it when the store is back.
 */

let redisServer: RedisServer;
before(async () => {
  redisServer = await startRedis();
});
after(() => redisServer.stop());

const MINUTE_MS = 60_000;
const MINUTE = START_MS - (START_MS % MINUTE_MS);
/** So long that a block with it is more than Redis gives away all at once: such sets are read in slices. */
const LONG_TENANT = "long".repeat(25);
const AWAY = { status: 503 };
const BACK = { status: 204 };

async function receiverFor(t: TestContext): Promise<RecordingReceiver> {
  const receiver = await startRecordingReceiver();
  t.after(() => receiver.stop());
  return receiver;
}

/** Holds the shard from cycle to cycle, as a running Horizon does. */
async function holdShard(rig: Rig): Promise<() => Promise<CycleReport>> {
  assert.ok(await rig.work.lease.take());
  const never = new AbortController().signal;
  return () => runCycle(rig.deps, rig.work, rig.clock.nowMs, { stopping: never, abort: never });
}

/** The values of the samples that a receiver has been sent, in the order in which they came. */
function valuesOf({ requests }: RecordingReceiver, from = 0): number[] {
  const samples = requests.slice(from).flatMap(({ series }) => series.flatMap((one) => one.samples));
  return samples.map(({ bits }) => new Float64Array(new BigUint64Array([bits]).buffer)[0] ?? Number.NaN);
}

/** Writes the sample of a minute, whose value is the number of the minute. */
async function writeMinute(rig: Rig, minute: number, tenant = "t1"): Promise<void> {
  const samples = [[{ __name__: "m" }, MINUTE + minute * MINUTE_MS, minute]] as const;
  await rig.filler.write({ tenant, generation: GENERATION, samples });
}

/** Writes a block whose one sample has the value 1000 + `i`. */
async function writeOld(rig: Rig, i: number, generation = GENERATION): Promise<void> {
  const samples = [[{ __name__: "old" }, MINUTE + i, 1000 + i]] as const;
  await rig.filler.write({ tenant: LONG_TENANT, generation, samples });
}

/** Begins with a receiver that is away for so many cycles, in each of which a minute comes. */
async function startAway(t: TestContext, minutes: number, options: Partial<RigOptions> = {}) {
  const receiver = await receiverFor(t);
  const rig = await createRig(t, { redisUrl: redisServer.url, victoriaUrl: receiver.url, ...options });
  const cycle = await holdShard(rig);
  receiver.answer = () => AWAY;
  for (let minute = 1; minute <= minutes; minute++) {
    await writeMinute(rig, minute);
    await cycle();
    rig.clock.nowMs += MINUTE_MS;
  }
  receiver.requests.length = 0;
  receiver.answer = () => BACK;
  return { receiver, rig, cycle };
}

async function assertBalanced(rig: Rig, sink: string, tenant: string, claimed: number): Promise<void> {
  const of = (what: string) => rig.metric(`horizon_samples_${what}_total`, { sink, tenant });
  assert.equal(await of("claimed"), claimed, `${sink} ${tenant}`);
  assert.equal(claimed, (await of("written")) + (await of("skipped")) + (await of("dead")), `${sink} ${tenant}`);
}

test("a store that was away gets each new minute before the backlog, and of the backlog the newest first", async (t) => {
  const { receiver, rig, cycle } = await startAway(t, 6);
  assert.equal(await rig.metric("horizon_samples_written_total", { sink: "timeseries" }), 6);
  receiver.answer = () => {
    rig.clock.nowMs += 20_000;
    return BACK;
  };
  const order: number[][] = [];
  for (const minute of [7, 8, 9]) {
    await writeMinute(rig, minute);
    const from = receiver.requests.length;
    const startMs = rig.clock.nowMs;
    await cycle();
    order.push(valuesOf(receiver, from));
    rig.clock.nowMs = startMs + MINUTE_MS;
  }
  // A request takes a third of the interval, and the backlog may begin one until four fifths of it are over.
  assert.deepEqual(order, [
    [7, 6, 5],
    [8, 4, 3],
    [9, 2, 1],
  ]);
  for (const sink of ["timeseries", "victoriametrics"]) {
    await assertBalanced(rig, sink, "t1", 9);
  }
  assert.deepEqual(await rig.redis.hgetall(rig.keys.claims), {});
});

test("a claim that is too large for one turn rests while the new minutes go first, and no sample is sent twice", async (t) => {
  const { receiver, rig, cycle } = await startAway(t, 0, {
    settings: { HORIZON_SLICE_BLOCKS: 1 },
    timeseriesUrl: false,
  });
  receiver.answer = () => AWAY;
  // A turn has time for twelve requests. How many blocks a slice has depends on how Redis's seed spreads them: so they are many.
  const blocks = 96;
  for (let i = 0; i < blocks; i++) {
    await writeOld(rig, i);
  }
  await cycle();
  receiver.requests.length = 0;
  receiver.answer = () => {
    rig.clock.nowMs += 4000;
    return BACK;
  };
  const firsts: (number | undefined)[] = [];
  let cycles = 0;
  for (let finished = 0; finished < 1 + cycles; ) {
    rig.clock.nowMs += MINUTE_MS;
    await writeMinute(rig, ++cycles);
    const from = receiver.requests.length;
    const report = await cycle();
    finished += report.finished;
    firsts.push(valuesOf(receiver, from)[0]);
    assert.ok(cycles < 20, "the claim is never finished");
  }
  assert.ok(cycles > 1, "the claim did not rest");
  assert.deepEqual(
    firsts,
    firsts.map((_, i) => i + 1),
  );
  const old = valuesOf(receiver).filter((value) => value >= 1000);
  assert.deepEqual(
    old.sort((a, b) => a - b),
    Array.from({ length: blocks }, (_, i) => 1000 + i),
  );
  await assertBalanced(rig, "victoriametrics", "t1", cycles);
  await assertBalanced(rig, "victoriametrics", LONG_TENANT, blocks);
});

test("a delivery that rests is begun anew under another hold on the shard", async (t) => {
  const { receiver, rig, cycle } = await startAway(t, 0, {
    settings: { HORIZON_SLICE_BLOCKS: 1 },
    timeseriesUrl: false,
  });
  for (let i = 0; i < 24; i++) {
    await writeOld(rig, i);
  }
  receiver.answer = () => {
    rig.clock.nowMs += 20_000;
    return BACK;
  };
  assert.equal((await cycle()).finished, 0);
  receiver.answer = () => BACK;
  const cycleOfNext = await holdShard(rig);
  assert.equal((await cycleOfNext()).finished, 1);
  assert.equal(new Set(valuesOf(receiver)).size, 24);
  await assertBalanced(rig, "victoriametrics", LONG_TENANT, 24);
});

test("RedisTimeSeries on a server of its own may be away as long, and VictoriaMetrics goes on minute by minute", async (t) => {
  const own = await startRedis();
  t.after(() => own.stop());
  const receiver = await receiverFor(t);
  const rig = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: own.url, victoriaUrl: receiver.url });
  const cycle = await holdShard(rig);
  await own.kill();
  for (let minute = 1; minute <= 5; minute++) {
    await writeMinute(rig, minute);
    assert.equal((await cycle()).sinks.victoriametrics?.confirmed, 1);
    rig.clock.nowMs += MINUTE_MS;
  }
  assert.deepEqual(valuesOf(receiver), [1, 2, 3, 4, 5]);
  await own.restart();
  await until(async () => (await rig.deps.sinks[0]?.check(AbortSignal.timeout(1000)).catch(() => false)) !== false);
  // Time goes by whenever somebody looks at the clock: so the backlog takes several turns.
  let nowMs = rig.clock.nowMs;
  Object.defineProperty(rig.clock, "nowMs", {
    get: () => {
      nowMs += 5000;
      return nowMs;
    },
  });
  await writeMinute(rig, 6);
  await cycle();
  const id = rig.filler.idOf({ generation: GENERATION, samples: [] }, { __name__: "m" });
  const stored = new Redis(own.url);
  t.after(() => stored.disconnect());
  const times = async () =>
    (await timeSeriesSamples(stored, rig.prefix, id))?.map(([timestampMs]) => (timestampMs - MINUTE) / MINUTE_MS);
  const first = await times();
  assert.equal(first?.at(-1), 6);
  assert.ok(!first.includes(1), "the oldest minute came before the turn was over");
  await until(async () => (await cycle()).remaining.length === 0);
  assert.deepEqual(await times(), [1, 2, 3, 4, 5, 6]);
  await assertBalanced(rig, "timeseries", "t1", 6);
  await assertBalanced(rig, "victoriametrics", "t1", 6);
});

test("over the cap in bytes the oldest claims are discarded for the store that is away alone, counted by tenant", async (t) => {
  const receiver = await receiverFor(t);
  receiver.answer = () => AWAY;
  const options = { redisUrl: redisServer.url, victoriaUrl: receiver.url };
  const probe = await createRig(t, options);
  await writeMinute(probe, 1, "even");
  const claimBytes = (await probe.cycle()).remaining[0]?.bytes ?? 0;
  const settings = { HORIZON_BACKLOG_MAX_BYTES: Math.floor(claimBytes * 3.5) };
  const rig = await createRig(t, { ...options, settings });
  const cycle = await holdShard(rig);
  for (let minute = 1; minute <= 7; minute++) {
    await writeMinute(rig, minute, minute % 2 === 0 ? "even" : "odd");
    await cycle();
    rig.clock.nowMs += MINUTE_MS;
  }
  const skipped = (tenant: string) =>
    rig.metric("horizon_samples_skipped_total", { sink: "victoriametrics", tenant, reason: "backlog_too_large" });
  assert.deepEqual([await skipped("odd"), await skipped("even")], [2, 2]);
  assert.equal(await rig.metric("horizon_deliveries_total", { outcome: "discarded" }), 4);
  assert.equal((await rig.work.claims.list()).length, 3);

  receiver.requests.length = 0;
  receiver.answer = () => BACK;
  await cycle();
  assert.deepEqual(valuesOf(receiver), [7, 6, 5]);
  for (const [tenant, samples] of [
    ["odd", 4],
    ["even", 3],
  ] as const) {
    await assertBalanced(rig, "timeseries", tenant, samples);
    await assertBalanced(rig, "victoriametrics", tenant, samples);
  }
  assert.equal(await rig.metric("horizon_samples_written_total", { sink: "timeseries" }), 7);
});

test("over the cap in age the claims that are too old are discarded, and the newest never", async (t) => {
  const settings = { HORIZON_BACKLOG_MAX_AGE_SECONDS: 120 };
  const { receiver, rig, cycle } = await startAway(t, 5, { settings });
  // Of the cycles at minutes 0 to 4: when the last was run, the first two were more than two minutes old.
  const skipped = { sink: "victoriametrics", reason: "backlog_too_old" };
  assert.equal(await rig.metric("horizon_samples_skipped_total", skipped), 2);
  receiver.answer = () => AWAY;
  rig.clock.nowMs += 60 * MINUTE_MS;
  const report = await cycle();
  assert.equal(report.sinks.victoriametrics?.discarded, 2);
  assert.equal(report.remaining.length, 1);
  receiver.requests.length = 0;
  receiver.answer = () => BACK;
  await cycle();
  assert.deepEqual(valuesOf(receiver), [5]);
  await assertBalanced(rig, "victoriametrics", "t1", 5);
});

test("a Horizon that is killed in the middle of the backlog is gone on for by the next, and nothing is missing", async (t) => {
  const receiver = await receiverFor(t);
  const rig = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: false });
  receiver.answer = () => AWAY;
  const generation = generationAt(Date.now());
  const start = async () => {
    const horizon = await spawnHorizon({
      REDIS_URL: redisServer.url,
      REDIS_KEY_PREFIX: rig.prefix,
      RTS_ENABLED: "false",
      VICTORIAMETRICS_URL: receiver.url,
      VICTORIAMETRICS_SETTLE_SECONDS: "0",
      HORIZON_INTERVAL_SECONDS: "0.2",
      HORIZON_LEASE_SECONDS: "1",
      HORIZON_SLICE_BLOCKS: "1",
    });
    t.after(() => horizon.stop());
    return horizon;
  };
  // Claims as a Horizon leaves them whose store is away.
  for (let value = 0; value < 40; value++) {
    await writeOld(rig, value, generation);
    if (value % 10 === 9) {
      await rig.work.lease.take();
      await rig.work.claims.claim(Date.now());
    }
  }
  await rig.work.lease.release();
  let taken = 0;
  receiver.answer = () => (taken++ < 12 ? BACK : "never");
  const first = await start();
  await until(() => taken > 12);
  const { claimed } = await readAccount(first.adminUrl, "victoriametrics");
  await first.kill();
  receiver.answer = () => BACK;
  const second = await start();
  await until(async () => (await rig.redis.hlen(rig.keys.claims)) === 0);
  const values = [...receiver.accepted().values()].flat().map((sample) => sample.split(":")[1]);
  assert.equal(new Set(values).size, 40);
  await until(async () => (await readAccount(second.adminUrl, "victoriametrics")).settled === 40 - claimed);
});

test("a claim that Redis' restart would make a cursor skip blocks of is delivered again from its start", async (t) => {
  const own = await startRedis();
  t.after(() => own.stop());
  const receiver = await receiverFor(t);
  const rig = await createRig(t, {
    redisUrl: own.url,
    timeseriesUrl: false,
    victoriaUrl: receiver.url,
    settings: { HORIZON_SLICE_BLOCKS: 10 },
  });
  const blocks = 300;
  for (let i = 0; i < blocks; i++) {
    await rig.filler.write({ generation: GENERATION, samples: [[{ __name__: "m" }, MINUTE + i, i]] });
  }
  receiver.answer = async () => {
    receiver.answer = () => BACK;
    await own.kill();
    await own.restart();
    await until(() => rig.redis.status === "ready");
    return BACK;
  };
  const { failure } = (await rig.cycle()).sinks.victoriametrics ?? {};
  assert.match(failure ?? "", /Redis was restarted meanwhile/);
  assert.equal((await rig.cycle()).finished, 1);
  assert.equal(new Set(valuesOf(receiver)).size, blocks);
  await assertBalanced(rig, "victoriametrics", "t1", blocks);
});
