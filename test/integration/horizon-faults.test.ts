import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { ClaimState } from "../../services/horizon/claim-state.ts";
import type { ShardClaims } from "../../services/horizon/claims.ts";
import { deadBlockFields } from "../../services/horizon/dead-letters.ts";
import { StoreWatch } from "../../services/horizon/sinks/victoria/store-watch.ts";
import { formatSeriesName, labelValue } from "../../services/shared/series.ts";
import type { BlockSpec } from "../horizon/support/buffer-filler.ts";
import { createRig, GENERATION, type Rig, START_MS } from "../horizon/support/horizon-rig.ts";
import { labelText, type RecordingReceiver, startRecordingReceiver } from "../horizon/support/recording-receiver.ts";
import { timeSeriesSamples } from "../horizon/support/stored-samples.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { until } from "../support/until.ts";
import { startVictoriaMetrics } from "../support/victoria-metrics.ts";

let redisServer: RedisServer;
before(async () => {
  redisServer = await startRedis();
});
after(() => redisServer.stop());

const MINUTE = START_MS - (START_MS % 60_000);
const a = { __name__: "a" };
const b = { __name__: "b" };
const block: BlockSpec = {
  generation: GENERATION,
  samples: [
    [a, MINUTE, 1],
    [b, MINUTE, 2],
  ],
};

async function receiverFor(t: { after(release: () => Promise<void>): void }): Promise<RecordingReceiver> {
  const receiver = await startRecordingReceiver();
  t.after(() => receiver.stop());
  return receiver;
}

/** claimed = written + skipped + dead, for one sink. */
async function assertBalanced(rig: Rig, sink: string): Promise<void> {
  const of = (what: string) => rig.metric(`horizon_samples_${what}_total`, { sink });
  assert.equal(await of("claimed"), (await of("written")) + (await of("skipped")) + (await of("dead")));
}

test("what a worker claimed before it died is finished by another when the lease has run out", async (t) => {
  const receiver = await receiverFor(t);
  const dead = await createRig(t, {
    redisUrl: redisServer.url,
    victoriaUrl: receiver.url,
    settings: { HORIZON_LEASE_SECONDS: 1 },
  });
  await dead.filler.write(block);
  assert.ok(await dead.work.lease.take());
  assert.equal(await dead.work.claims.claim(START_MS), 1);

  const heir = await createRig(t, { redisUrl: redisServer.url, victoriaUrl: receiver.url, beside: dead });
  await heir.filler.write({ ...block, samples: [[a, MINUTE + 1, 3]] });
  assert.equal((await heir.cycle()).outcome, "lease_busy");
  assert.equal(receiver.requests.length, 0);
  await until(async () => (await heir.redis.exists(heir.keys.lease)) === 0);

  const report = await heir.cycle();
  assert.equal(report.finished, 2);
  assert.deepEqual(
    receiver
      .accepted()
      .get(labelText(heir.filler.fullLabels(block, a)))
      ?.sort(),
    [`${MINUTE}:3ff0000000000000`, `${MINUTE + 1}:4008000000000000`],
  );
  await assert.rejects(dead.work.claims.claim(START_MS), { name: "LeaseLostError" });
});

test("a worker that loses its lease in the middle writes nothing down, and its successor delivers again", async (t) => {
  const receiver = await receiverFor(t);
  const first = await createRig(t, { redisUrl: redisServer.url, victoriaUrl: receiver.url });
  receiver.answer = async () => {
    await first.redis.set(first.keys.lease, "somebody:99");
    return { status: 204 };
  };
  await first.filler.write(block);
  assert.equal((await first.cycle()).outcome, "lease_lost");
  assert.equal(await first.metric("horizon_samples_written_total", { sink: "victoriametrics" }), 0);
  assert.equal(await first.redis.get(first.keys.lease), "somebody:99");

  await first.redis.del(first.keys.lease);
  receiver.answer = () => ({ status: 204 });
  const second = await createRig(t, { redisUrl: redisServer.url, victoriaUrl: receiver.url, beside: first });
  assert.equal((await second.cycle()).finished, 1);
  assert.equal(await second.metric("horizon_samples_written_total", { sink: "victoriametrics" }), 2);
});

type Change = (claims: ShardClaims, claim: ClaimState, bytes: Buffer) => Promise<unknown>;
const letter = deadBlockFields(Buffer.from("x"), "malformed", START_MS, undefined);
const changes: [what: string, change: Change][] = [
  ["claims", (claims) => claims.claim(START_MS + 1)],
  ["writes down progress in", (claims, claim) => claims.update({ ...claim, oldestGeneration: 1 })],
  ["finishes", (claims, claim) => claims.finish(claim)],
  ["parks", (claims, claim, bytes) => claims.park(claim, bytes, START_MS, "other")],
  ["unparks", (claims, _, bytes) => claims.unpark(bytes, GENERATION)],
  ["buries a block of", (claims, claim) => claims.buryBlock(claim, letter)],
  ["buries parked blocks or", (claims) => claims.buryBlock("parked", letter)],
  ["buries samples of", (claims) => claims.burySamples(letter)],
];

for (const [what, change] of changes) {
  test(`a worker that has lost its lease ${what} nothing`, async (t) => {
    const rig = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: false });
    const { claims, lease } = rig.work;
    await rig.filler.write(block);
    await lease.take();
    await claims.claim(START_MS);
    const [claim] = await claims.list();
    assert.ok(claim);
    const [bytes = Buffer.alloc(0)] = await rig.redis.smembersBuffer(rig.keys.claim(claim.id));
    await rig.redis.zadd(rig.keys.parked, START_MS, bytes);
    await rig.filler.write({ ...block, samples: [[a, MINUTE + 1, 3]] });
    await rig.redis.set(rig.keys.lease, "somebody:99");
    const before = await everything(rig);
    await assert.rejects(change(claims, claim, bytes), { name: "LeaseLostError" });
    assert.deepEqual(await everything(rig), before);
  });
}

/** Every key of a rig with all that it holds. */
async function everything({ redis, prefix }: Rig): Promise<[key: string, value: string | undefined][]> {
  const keys = (await redis.keys(`${prefix}*`)).sort();
  return Promise.all(
    keys.map(
      async (key): Promise<[string, string | undefined]> => [key, (await redis.dumpBuffer(key))?.toString("hex")],
    ),
  );
}

test("of two claims the later has the later time, also when it is made by a clock that is behind", async (t) => {
  const ahead = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: false });
  const behind = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: false, prefix: ahead.prefix });
  behind.clock.nowMs -= 3_600_000;
  for (const rig of [ahead, behind]) {
    await rig.filler.write({ ...block, samples: [[a, MINUTE + rig.clock.nowMs, 1]] });
    await rig.work.lease.take();
    await rig.work.claims.claim(rig.clock.nowMs);
    await rig.work.lease.release();
  }
  const claims = await behind.work.claims.list();
  assert.deepEqual(
    claims.map(({ claimedAtMs }) => claimedAtMs),
    [START_MS, START_MS + 1],
  );
});

test("what another worker has delivered settles by the clock of the one that has the shard now", async (t) => {
  const receiver = await receiverFor(t);
  const options = { redisUrl: redisServer.url, timeseriesUrl: false, victoriaUrl: receiver.url } as const;
  const settings = { VICTORIAMETRICS_SETTLE_SECONDS: 30 };
  const first = await createRig(t, { ...options, settings });
  await first.filler.write(block);
  assert.equal((await first.cycle()).sinks.victoriametrics?.delivered, 1);
  const ahead = await createRig(t, { ...options, settings, prefix: first.prefix });
  ahead.clock.nowMs += 3_600_000;
  assert.equal((await ahead.cycle()).finished, 0, "no second has passed since the delivery");
  ahead.clock.nowMs += 30_000;
  assert.equal((await ahead.cycle()).finished, 1);
  assert.equal(await ahead.metric("horizon_samples_written_total", { sink: "victoriametrics" }), 2);
  assert.equal(await first.metric("horizon_samples_written_total", { sink: "victoriametrics" }), 0);
});

test("the lease is renewed for as long as a cycle takes", async (t) => {
  const receiver = await receiverFor(t);
  const options = { redisUrl: redisServer.url, timeseriesUrl: false, victoriaUrl: receiver.url } as const;
  const rig = await createRig(t, { ...options, settings: { HORIZON_LEASE_SECONDS: 1 } });
  const rival = await createRig(t, { ...options, beside: rig });
  const startMs = Date.now();
  const rivals = new Set<string>();
  receiver.answer = async () => {
    await until(async () => {
      rivals.add((await rival.cycle()).outcome);
      return Date.now() - startMs > 2500;
    });
    return { status: 204 };
  };
  await rig.filler.write(block);
  assert.equal((await rig.cycle()).finished, 1);
  assert.deepEqual([...rivals], ["lease_busy"]);
});

test("while a sink is down the other goes on, and the claims wait for it, the newest first", async (t) => {
  const receiver = await receiverFor(t);
  const rig = await createRig(t, { redisUrl: redisServer.url, victoriaUrl: receiver.url });
  receiver.answer = () => ({ status: 500, body: "out of order" });
  for (const value of [1, 2]) {
    await rig.filler.write({ ...block, samples: [[a, MINUTE + value, value]] });
    const report = await rig.cycle();
    assert.match(report.sinks.victoriametrics?.failure ?? "", /answers 500 \(out of order\)/);
    assert.equal(report.sinks.timeseries?.confirmed, 1);
    rig.clock.nowMs += 60_000;
  }
  assert.deepEqual(await timeSeriesSamples(rig.redis, rig.prefix, rig.filler.idOf(block, a)), [[MINUTE, "2"]]);
  assert.equal(await rig.metric("horizon_sink_up", { sink: "victoriametrics" }), 0);
  assert.equal(await rig.metric("horizon_sink_up", { sink: "timeseries" }), 1);
  assert.equal(await rig.metric("horizon_samples_claimed_total", { sink: "victoriametrics" }), 0);

  receiver.answer = () => ({ status: 204 });
  const report = await rig.cycle();
  assert.equal(report.finished, 2);
  const order = receiver.accepted().get(labelText(rig.filler.fullLabels(block, a)));
  assert.deepEqual(order, [`${MINUTE + 2}:4000000000000000`, `${MINUTE + 1}:3ff0000000000000`]);
  assert.equal(await rig.metric("horizon_samples_written_total", { sink: "timeseries" }), 2);
  assert.equal(await rig.metric("horizon_samples_written_total", { sink: "victoriametrics" }), 2);
  assert.equal(await rig.metric("horizon_sink_up", { sink: "victoriametrics" }), 1);
});

test("a store where nothing listens, and one that never answers, are left for the next cycle", async (t) => {
  const receiver = await receiverFor(t);
  receiver.answer = () => "never";
  const nobody = await startRecordingReceiver();
  await nobody.stop();
  for (const [url, reason] of [
    [nobody.url, /ECONNREFUSED/],
    [receiver.url, /timeout/],
  ] as const) {
    const rig = await createRig(t, {
      redisUrl: redisServer.url,
      victoriaUrl: url,
      settings: { VICTORIAMETRICS_TIMEOUT_MS: 200 },
    });
    await rig.filler.write(block);
    const report = await rig.cycle();
    assert.match(report.sinks.victoriametrics?.failure ?? "", reason);
    assert.equal(report.sinks.timeseries?.confirmed, 1);
    assert.equal(report.remaining.length, 1);
  }
  assert.equal(receiver.requests.length, 1, "a store that hangs is not asked again in the same cycle");
});

test("RedisTimeSeries down holds up nothing but itself", async (t) => {
  const receiver = await receiverFor(t);
  const own = await startRedis();
  t.after(() => own.stop());
  const rig = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: own.url, victoriaUrl: receiver.url });
  await rig.filler.write(block);
  await own.kill();
  const report = await rig.cycle();
  assert.match(report.sinks.timeseries?.failure ?? "", /RTS_REDIS_URL/);
  assert.equal(report.sinks.victoriametrics?.confirmed, 1);
  await own.restart();
  await until(async () => (await rig.cycle()).finished === 1);
  assert.equal(await rig.metric("horizon_samples_written_total", { sink: "timeseries" }), 2);
  assert.equal(await rig.metric("horizon_samples_written_total", { sink: "victoriametrics" }), 2);
});

test("a store's wish to be left alone is honoured", async (t) => {
  const receiver = await receiverFor(t);
  const rig = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: false, victoriaUrl: receiver.url });
  receiver.answer = () => ({ status: 429, headers: { "retry-after": "90" } });
  await rig.filler.write(block);
  await rig.cycle();
  assert.equal(receiver.requests.length, 1);
  receiver.answer = () => ({ status: 204 });
  rig.clock.nowMs += 60_000;
  assert.match((await rig.cycle()).sinks.victoriametrics?.failure ?? "", /asked to wait 30 s/);
  assert.equal(receiver.requests.length, 1);
  rig.clock.nowMs += 60_000;
  assert.equal((await rig.cycle()).finished, 1);
});

test("a store that wants to be left alone for a year is asked again after ten minutes", async (t) => {
  const receiver = await receiverFor(t);
  const rig = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: false, victoriaUrl: receiver.url });
  receiver.answer = () => ({ status: 503, headers: { "retry-after": "31536000" } });
  await rig.filler.write(block);
  await rig.cycle();
  const asked = receiver.requests.length;
  receiver.answer = () => ({ status: 204 });
  rig.clock.nowMs += 599_000;
  assert.match((await rig.cycle()).sinks.victoriametrics?.failure ?? "", /asked to wait 1 s/);
  assert.equal(receiver.requests.length, asked);
  rig.clock.nowMs += 1000;
  assert.equal((await rig.cycle()).finished, 1);
});

test("a short refusal is overcome within the cycle", async (t) => {
  const receiver = await receiverFor(t);
  const rig = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: false, victoriaUrl: receiver.url });
  receiver.answer = () => ({ status: receiver.requests.length < 3 ? 503 : 204 });
  await rig.filler.write(block);
  assert.equal((await rig.cycle()).finished, 1);
  assert.equal(receiver.requests.length, 3);
});

test("a VictoriaMetrics that is killed before it has settled gets its claim again", async (t) => {
  const victoria = await startVictoriaMetrics();
  t.after(() => victoria.stop());
  const rig = await createRig(t, {
    redisUrl: redisServer.url,
    victoriaUrl: victoria.url,
    settings: { VICTORIAMETRICS_SETTLE_SECONDS: 30 },
  });
  const stored = async () => (await victoria.exportAll('{__name__="a"}')).map(({ samples }) => samples);
  await rig.filler.write(block);
  let report = await rig.cycle();
  assert.equal(report.sinks.victoriametrics?.delivered, 1);
  assert.equal(report.finished, 0);
  assert.equal(await rig.metric("horizon_samples_written_total", { sink: "victoriametrics" }), 0);

  // It tells its start time in whole seconds; two lives within one second would look like one.
  const startedInSecond = Math.floor(Date.now() / 1000);
  await until(() => Date.now() / 1000 > startedInSecond + 1);
  await victoria.kill();
  rig.clock.nowMs += 60_000;
  report = await rig.cycle();
  assert.match(report.sinks.victoriametrics?.failure ?? "", /cannot reach VICTORIAMETRICS_URL/);
  await victoria.restart();
  report = await rig.cycle();
  assert.equal(report.sinks.victoriametrics?.deliveredAgain, 1);
  assert.equal(report.sinks.victoriametrics?.delivered, 1);
  assert.deepEqual(await stored(), [[{ timestampMs: MINUTE, value: 1 }]]);

  rig.clock.nowMs += 29_999;
  assert.equal((await rig.cycle()).finished, 0);
  rig.clock.nowMs += 1;
  report = await rig.cycle();
  assert.equal(report.sinks.victoriametrics?.confirmed, 1);
  assert.equal(report.finished, 1);
  assert.equal(await rig.metric("horizon_samples_written_total", { sink: "victoriametrics" }), 2);
  assert.equal(await rig.metric("horizon_deliveries_total", { sink: "victoriametrics", outcome: "again" }), 1);
});

test("while a VictoriaMetrics stands still nothing settles: one that is killed right after gets its claim again", async (t) => {
  const victoria = await startVictoriaMetrics();
  t.after(() => victoria.stop());
  const rig = await createRig(t, {
    redisUrl: redisServer.url,
    victoriaUrl: victoria.url,
    settings: { VICTORIAMETRICS_SETTLE_SECONDS: 8 },
    clockOf: (client) => {
      const answers = (signal: AbortSignal) => client.answers(signal);
      const watch = new StoreWatch({ answers, monotonicMs: () => performance.now() }).start();
      t.after(() => watch.stop());
      return watch;
    },
  });
  const startedInSecond = Math.floor(Date.now() / 1000);
  await rig.filler.write(block);
  assert.equal((await rig.cycle()).sinks.victoriametrics?.delivered, 1);
  await victoria.pause();
  await until(() => Date.now() / 1000 > startedInSecond + 9);
  victoria.resume();
  assert.equal((await rig.cycle()).sinks.victoriametrics?.confirmed, 0);

  await victoria.kill();
  await victoria.restart();
  const report = await rig.cycle();
  assert.equal(report.sinks.victoriametrics?.deliveredAgain, 1);
  const stored = await victoria.exportAll('{__name__="a"}');
  assert.deepEqual(
    stored.map(({ samples }) => samples),
    [[{ timestampMs: MINUTE, value: 1 }]],
  );
  await until(async () => (await rig.cycle()).finished === 1);
});

test("a receiver that does not say when it was started is believed at once", async (t) => {
  const receiver = await receiverFor(t);
  receiver.metrics = undefined;
  const rig = await createRig(t, {
    redisUrl: redisServer.url,
    timeseriesUrl: false,
    victoriaUrl: receiver.url,
    settings: { VICTORIAMETRICS_SETTLE_SECONDS: 30 },
  });
  await rig.filler.write(block);
  assert.equal((await rig.cycle()).finished, 1);
});

test("a series that a store refuses goes to the dead letters alone, and is counted once however often it is sent", async (t) => {
  const receiver = await receiverFor(t);
  const rig = await createRig(t, {
    redisUrl: redisServer.url,
    victoriaUrl: receiver.url,
    settings: { VICTORIAMETRICS_SETTLE_SECONDS: 30 },
  });
  receiver.answer = ({ series }) =>
    series.some(({ labels }) => labels["__name__"] === "m5")
      ? { status: 400, body: "m5 is not welcome" }
      : { status: 204 };
  const samples = Array.from({ length: 20 }, (_, i) => [{ __name__: `m${i}` }, MINUTE, i] as const);
  await rig.filler.write({
    generation: GENERATION,
    samples: [...samples, [{ __name__: "m5" }, MINUTE + 1, 0x7ff0000000000002n]],
  });
  await rig.cycle();
  receiver.metrics = "process_start_time_seconds 2\n";
  await rig.cycle();
  rig.clock.nowMs += 30_000;
  assert.equal((await rig.cycle()).finished, 1);

  const [letter, ...others] = await rig.deadLetters();
  assert.deepEqual(others, [], "a series that is refused again leaves no second letter");
  assert.ok(letter?.kind === "samples");
  const { reason, sink, tenant, server, namespace, detail, labels } = letter;
  assert.deepEqual(
    [reason, sink, tenant, server, namespace, detail],
    ["refused_by_store", "victoriametrics", "t1", "s1", "ns", "400 m5 is not welcome"],
  );
  assert.equal(formatSeriesName(labels), 'm5{_tenant_id="t1",_server_id="s1"}');
  assert.deepEqual(letter.samples, [
    { timestampMs: MINUTE, bits: 0x4014000000000000n },
    { timestampMs: MINUTE + 1, bits: 0x7ff0000000000002n },
  ]);
  assert.equal(receiver.accepted().size, 19);
  const of = { sink: "victoriametrics" };
  assert.equal(await rig.metric("horizon_samples_claimed_total", of), 21);
  assert.equal(await rig.metric("horizon_samples_written_total", of), 19);
  assert.equal(await rig.metric("horizon_samples_dead_total", { ...of, reason: "refused_by_store" }), 2);
  await assertBalanced(rig, "victoriametrics");
  await assertBalanced(rig, "timeseries");
});

test("a receiver that refuses even an empty request has the wrong address: nothing is thrown away", async (t) => {
  const receiver = await receiverFor(t);
  const rig = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: false, victoriaUrl: receiver.url });
  receiver.answer = () => ({ status: 400, body: "unsupported path requested" });
  await rig.filler.write(block);
  const report = await rig.cycle();
  assert.match(report.sinks.victoriametrics?.failure ?? "", /^cannot use VICTORIAMETRICS_URL: it answers 400/);
  assert.deepEqual(await rig.deadLetters(), []);
  assert.equal(receiver.requests.length, 2);
  receiver.answer = () => ({ status: 204 });
  assert.equal((await rig.cycle()).finished, 1);
});

test("what RedisTimeSeries refuses for one series is a dead letter, and the others are stored", async (t) => {
  const rig = await createRig(t, { redisUrl: redisServer.url, settings: { RTS_RESOLUTION_SECONDS: 0 } });
  const keyOf = (labels: Record<string, string>) => `${rig.prefix}labelled_metrics.${rig.filler.idOf(block, labels)}`;
  await rig.redis.set(keyOf(a), "not a series");
  await rig.redis.rpush(keyOf(b), "not a series either");
  const c = { __name__: "c" };
  await rig.filler.write({ ...block, samples: [...block.samples, [c, MINUTE, 3]] });
  assert.equal((await rig.cycle()).finished, 1);
  const letters = (await rig.deadLetters()).flatMap((letter) => (letter.kind === "samples" ? [letter] : []));
  const details = new Map(letters.map(({ labels, detail }) => [labelValue(labels, "__name__"), detail]));
  assert.match(details.get("a") ?? "", /not a time series/);
  assert.match(details.get("b") ?? "", /not a time series/);
  assert.deepEqual(await timeSeriesSamples(rig.redis, rig.prefix, rig.filler.idOf(block, c)), [[MINUTE, "3"]]);
  assert.equal(await rig.metric("horizon_samples_dead_total", { reason: "refused_by_store" }), 2);
  await assertBalanced(rig, "timeseries");
});

test("a RedisTimeSeries without memory is waited for", async (t) => {
  const own = await startRedis();
  t.after(() => own.stop());
  const rig = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: own.url });
  await rig.cycle();
  const admin = await createRig(t, { redisUrl: own.url, timeseriesUrl: false });
  await rig.filler.write(block);
  await rig.filler.write({ ...block, samples: [[a, MINUTE + 60_000, 5]] });
  await rig.deps.sinks[0]?.check(AbortSignal.timeout(5000));
  await admin.redis.config("SET", "maxmemory", "1");
  assert.match((await rig.cycle()).sinks.timeseries?.failure ?? "", /OOM/);
  assert.deepEqual(await rig.deadLetters(), []);
  await admin.redis.config("SET", "maxmemory", "0");
  assert.equal((await rig.cycle()).finished, 1);
});

test("Redis dying in the middle of a cycle fails that cycle, and a later one delivers everything", async (t) => {
  const own = await startRedis();
  t.after(() => own.stop());
  const receiver = await receiverFor(t);
  const rig = await createRig(t, { redisUrl: own.url, timeseriesUrl: redisServer.url, victoriaUrl: receiver.url });
  await rig.filler.write(block);
  receiver.answer = async () => {
    await own.kill();
    return { status: 204 };
  };
  await assert.rejects(rig.cycle());
  receiver.answer = () => ({ status: 204 });
  await own.restart();
  await until(() => rig.redis.status === "ready");
  // The lease of the cycle that failed is still there, and still ours.
  assert.equal((await rig.cycle()).finished, 1);
  assert.equal(await rig.redis.scard(rig.keys.blocks), 0);
  for (const sink of ["timeseries", "victoriametrics"]) {
    assert.equal(await rig.metric("horizon_samples_written_total", { sink }), 2, sink);
  }
});

test("stopping lets the claim at hand be finished and begins no other", async (t) => {
  const receiver = await receiverFor(t);
  const rig = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: false, victoriaUrl: receiver.url });
  const stopping = new AbortController();
  receiver.answer = () => ({ status: 500 });
  await rig.filler.write(block);
  await rig.cycle();
  rig.clock.nowMs += 60_000;
  await rig.filler.write({ ...block, samples: [[a, MINUTE + 5, 5]] });
  receiver.answer = () => {
    stopping.abort();
    return { status: 204 };
  };
  const report = await rig.cycle({ stopping: stopping.signal });
  assert.equal(report.finished, 1);
  assert.equal(report.remaining.length, 1);
  assert.deepEqual(receiver.accepted().get(labelText(rig.filler.fullLabels(block, a))), [
    `${MINUTE + 5}:4014000000000000`,
  ]);
});

test("a cycle that is told to leave ends at once, and the claim is delivered later", async (t) => {
  const receiver = await receiverFor(t);
  const rig = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: false, victoriaUrl: receiver.url });
  const leave = new AbortController();
  receiver.answer = () => {
    leave.abort(new Error("time is over"));
    return "never";
  };
  await rig.filler.write(block);
  await assert.rejects(rig.cycle({ abort: leave.signal }), /time is over/);
  assert.equal(await rig.redis.exists(rig.keys.lease), 0, "the lease was given back");
  receiver.answer = () => ({ status: 204 });
  assert.equal((await rig.cycle()).finished, 1);
});

test("old claims do not hold up the next minute: when the interval is over, the rest waits", async (t) => {
  const receiver = await receiverFor(t);
  const rig = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: false, victoriaUrl: receiver.url });
  receiver.answer = () => ({ status: 500 });
  for (let i = 0; i < 3; i++) {
    await rig.filler.write({ ...block, samples: [[a, MINUTE + i, i]] });
    await rig.cycle();
    rig.clock.nowMs += 60_000;
  }
  receiver.answer = () => {
    rig.clock.nowMs += 40_000;
    return { status: 204 };
  };
  const report = await rig.cycle();
  assert.equal(report.finished, 2);
  assert.equal(report.remaining.length, 1);
});
