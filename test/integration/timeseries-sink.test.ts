import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { LeaseLostError } from "../../services/horizon/shard-lease.ts";
import { packPoints } from "../../services/horizon/sinks/timeseries/packed-points.ts";
import { PointColumns } from "../../services/horizon/sinks/timeseries/point-columns.ts";
import { shardKeys, timeSeriesKey, timeSeriesPolicyKey } from "../../services/shared/buffer-keys.ts";
import { loadScripts } from "../../services/shared/redis-scripts/run-script.ts";
import { settingsSchema } from "../../settings/schema.ts";
import { knownSeries } from "../horizon/support/known-series.ts";
import { sliceOf } from "../horizon/support/slices.ts";
import { labelsOfInfo, timeSeriesInfo } from "../horizon/support/stored-samples.ts";
import { openTimeSeriesStore, type TestClaim } from "../horizon/support/time-series-store.ts";
import { createRandom } from "../support/random.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { bitsOf, numberOf } from "../support/special-values.ts";
import { until } from "../support/until.ts";

let server: RedisServer;
before(async () => {
  server = await startRedis({ args: ["--appendonly", "no"] });
});
after(() => server.stop());

const MINUTE = Date.UTC(2026, 0, 1, 12);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const a = knownSeries(0xan, { __name__: "a_total", path: "/x(1)" });
const b = knownSeries(0xbn, { __name__: "b_total" });

const open = (t: TestContext) => openTimeSeriesStore(t, server.url, MINUTE + 60_000);

function claim(samples: readonly (readonly [typeof a, number, number])[], claimedAtMs = MINUTE): TestClaim {
  const slice = sliceOf(samples.map(([series, time, value]) => ({ series, samples: [[time, bitsOf(value)]] })));
  return { claimedAtMs, slices: [slice] };
}

test("values come back with the 64 bits that were sent", async (t) => {
  const store = await open(t);
  const random = createRandom();
  t.diagnostic(`seed ${random.seed}`);
  const values = [
    0,
    -0,
    1,
    -7,
    1 / 3,
    0.1,
    1e15,
    1e16,
    123_456_789_012_345_680_000,
    5e-324,
    -Number.MAX_VALUE,
    2 ** 53,
  ];
  for (let i = 0; i < 1500; i++) {
    values.push(random.below(2 ** 32) / 100, numberOf(BigInt(random.below(2 ** 32)) * 2n ** 32n + BigInt(i)));
  }
  const finite = values.filter(Number.isFinite);
  await store.deliver(
    store.startSink({ resolutionMs: 0 }),
    claim(finite.map((value, i) => [a, MINUTE + i, value] as const)),
  );
  const stored = (await store.samples(a)) ?? [];
  assert.deepEqual(
    stored.map(([time, value]) => [time, bitsOf(value)]),
    finite.map((value, i) => [MINUTE + i, bitsOf(value)]),
  );
});

test("an instance that has lost its lease changes nothing, and the right one goes on", async (t) => {
  const store = await open(t);
  const never = new AbortController().signal;
  const refuse = async () => assert.fail("nothing is to be refused");
  const lost = { token: "old:1", confirm: async () => Promise.reject(new LeaseLostError("it is another's")) };
  let isLost = false;
  const old = claim([[a, MINUTE + 50_000, 1]]);
  const stopped = await store.startSink().begin(
    refuse,
    never,
    store.hold(old, {
      token: "old:1",
      confirm: () => (isLost ? lost.confirm() : Promise.resolve()),
    }),
  );
  await stopped.write(old.slices[0] ?? assert.fail(), never);
  isLost = true;

  const fresh = claim([[a, MINUTE + 10_000, 2]], MINUTE + 60_000);
  const going = await store.startSink().begin(refuse, never, store.hold(fresh, { token: "new:2" }));
  await going.write(fresh.slices[0] ?? assert.fail(), never);
  await assert.rejects(stopped.finish(never), LeaseLostError);
  assert.equal(await store.samples(a), undefined);
  await going.finish(never);
  assert.deepEqual(await store.samples(a), [[MINUTE, 2]]);
});

test("what an instance sent before it was stopped is refused, however late Redis gets it", async (t) => {
  const store = await open(t);
  await store.deliver(store.startSink(), claim([[a, MINUTE, 1]]), { token: "new:2" });
  const { timeSeriesFence, timeSeriesNewest } = shardKeys(store.prefix, 0);
  const runScript = loadScripts(store.redis);
  const columns = new PointColumns();
  columns.push(columns.table.adopt(a), 0, MINUTE, MINUTE, 9);
  const { ids, times, values } = packPoints(columns, Int32Array.of(0));
  const late = ["old:1", "last", DAY_MS, DAY_MS, 128, "", timeSeriesKey(store.prefix, ""), ids, times, values];
  await assert.rejects(runScript("write-points", [timeSeriesFence], late), /^ReplyError: FENCED/);
  const record = timeSeriesNewest(60_000, MINUTE);
  await assert.rejects(runScript("save-newest", [timeSeriesFence, record], ["old:1", "x", DAY_MS]), /FENCED/);
  assert.deepEqual(await store.samples(a), [[MINUTE, 1]]);
});

test("a series expires when it gets no samples for its retention, and is then not found any more", async (t) => {
  const store = await open(t);
  const retentionMs = 2400;
  store.clock.nowMs = MINUTE;
  await store.deliver(store.startSink({ retentionMs }), claim([[a, MINUTE, 1]]));
  const find = () => store.find("__name__=a_total", "path=/x%281%29");
  assert.deepEqual(await find(), [store.key(a)]);
  await until(async () => (await store.samples(a)) === undefined);
  assert.deepEqual(await find(), []);

  store.clock.nowMs = MINUTE + retentionMs + 1;
  const tally = await store.deliver(store.startSink({ retentionMs }), claim([[a, MINUTE, 2]]));
  assert.deepEqual([...tally][0]?.[1].skipped, { older_than_retention: 1 });
  assert.equal(await store.samples(a), undefined);
});

test("the expiry is put off as long as samples come: once an hour, and by every new process", async (t) => {
  const store = await open(t);
  const sink = store.startSink();
  let minutes = 0;
  const write = (by = sink) => store.deliver(by, claim([[a, MINUTE + 60_000 * minutes++, 1]]));
  const ttlMs = () => store.redis.pttl(store.key(a));
  const assertWhole = async () => {
    const ttl = await ttlMs();
    assert.ok(ttl > 25 * HOUR_MS - 10_000 && ttl <= 25 * HOUR_MS, `${ttl} ms`);
  };
  await write();
  await assertWhole();
  await store.redis.pexpire(store.key(a), DAY_MS);
  await write();
  assert.ok((await ttlMs()) <= DAY_MS, "not with every sample");
  store.clock.nowMs += HOUR_MS;
  await write();
  await assertWhole();
  await store.redis.persist(store.key(a));
  await write(store.startSink());
  await assertWhole();
});

test("a sample that is refused does not put off the expiry", async (t) => {
  const store = await open(t);
  await store.deliver(store.startSink(), claim([[a, MINUTE + 20 * HOUR_MS, 1]]));
  await store.redis.pexpire(store.key(a), HOUR_MS);
  const tally = await store.deliver(store.startSink(), claim([[a, MINUTE - 10 * HOUR_MS, 2]]));
  assert.deepEqual([...tally][0]?.[1].skipped, { older_than_retention: 1 });
  assert.ok((await store.redis.pttl(store.key(a))) <= HOUR_MS);
});

test("idle series of versions that set no expiry are given one, once, and nothing else is", async (t) => {
  const store = await open(t);
  const { redis, prefix } = store;
  const series = Array.from(
    { length: 2500 },
    (_, i) => `${prefix}labelled_metrics.${i.toString(16).padStart(16, "0")}`,
  );
  const others = [`${prefix}labelled_metrics.123`, `${prefix}other.0000000000000001`];
  for (const key of [...series, ...others]) {
    await redis.call("TS.ADD", key, MINUTE, 1);
  }
  await store.deliver(store.startSink(), claim([]));
  const ttls = await Promise.all(series.map((key) => redis.pttl(key)));
  assert.ok(ttls.every((ttl) => ttl > 24 * HOUR_MS && ttl <= 25 * HOUR_MS));
  assert.deepEqual(await Promise.all(others.map((key) => redis.pttl(key))), [-1, -1]);
  await redis.persist(series[0] ?? "");
  await store.deliver(store.startSink(), claim([]));
  assert.equal(await redis.pttl(series[0] ?? ""), -1, "the keys are looked through only once");
});

test("series of another version, with other settings or labels, are mended by the first sample", async (t) => {
  const store = await open(t);
  const { redis, prefix } = store;
  const make = [
    ["DUPLICATE_POLICY", "FIRST", "RETENTION", 1000, "CHUNK_SIZE", 4096, "LABELS", "__name__", "a_total"],
    ["DUPLICATE_POLICY", "BLOCK"],
  ];
  await redis.call("TS.CREATE", store.key(a), ...(make[0] ?? []));
  await redis.call("TS.CREATE", store.key(b), ...(make[1] ?? []));
  for (const series of [a, b]) {
    await redis.call("TS.ADD", store.key(series), MINUTE, 9);
  }
  await store.deliver(
    store.startSink(),
    claim([
      [a, MINUTE, 1],
      [b, MINUTE, 2],
    ]),
  );
  assert.deepEqual(store.refused, []);
  assert.deepEqual([await store.samples(a), await store.samples(b)], [[[MINUTE, 1]], [[MINUTE, 2]]]);
  for (const series of [a, b]) {
    const info = await timeSeriesInfo(redis, prefix, series.idText);
    assert.equal(info.get("duplicatePolicy"), "last");
    assert.equal(info.get("retentionTime"), DAY_MS);
    assert.equal(info.get("chunkSize"), 128);
  }
  assert.deepEqual(await store.find("__name__=a_total", "path=/x%281%29"), [store.key(a)]);
  assert.deepEqual(await store.find("__name__=b_total"), [store.key(b)]);
});

const OURS = { policy: "LAST", retentionMs: DAY_MS, chunkBytes: 128, labels: ["__name__", "b_total"] };
const differences: [what: string, made: Partial<typeof OURS>][] = [
  ...["FIRST", "MIN", "MAX", "SUM", "BLOCK"].map((policy): [string, Partial<typeof OURS>] => [policy, { policy }]),
  ["another retention", { retentionMs: 2 * DAY_MS }],
  ["another chunk size", { chunkBytes: 4096 }],
  ["a label more", { labels: [...OURS.labels, "type", "counter"] }],
];

for (const [what, made] of differences) {
  test(`a series that another version made with ${what}, and else like ours, is mended by the first sample`, async (t) => {
    const store = await open(t);
    const { policy, retentionMs, chunkBytes, labels } = { ...OURS, ...made };
    const settings = ["RETENTION", retentionMs, "CHUNK_SIZE", chunkBytes, "DUPLICATE_POLICY", policy];
    await store.redis.call("TS.CREATE", store.key(b), ...settings, "LABELS", ...labels);
    await store.redis.call("TS.ADD", store.key(b), MINUTE, 9);
    await store.deliver(store.startSink(), claim([[b, MINUTE, 2]]));
    assert.deepEqual([await store.samples(b), store.refused], [[[MINUTE, 2]], []]);
    const info = await timeSeriesInfo(store.redis, store.prefix, b.idText);
    const found = ["duplicatePolicy", "retentionTime", "chunkSize"].map((name) => info.get(name));
    assert.deepEqual(found, ["last", DAY_MS, 128]);
    assert.equal(labelsOfInfo(info).get("type"), undefined);
  });
}

test("a command may have as many samples as RTS_BATCH_SAMPLES lets it, whatever all their series are due for", async (t) => {
  const store = await open(t);
  const batchSamples = settingsSchema.shape.RTS_BATCH_SAMPLES.parse(2000);
  assert.ok(!settingsSchema.shape.RTS_BATCH_SAMPLES.safeParse(batchSamples + 1).success);
  const series = Array.from({ length: batchSamples }, (_, i) =>
    knownSeries(BigInt(i + 1), { __name__: "m", i: `${i}` }),
  );
  const deliver = (minute: number) =>
    store.deliver(
      store.startSink({ batchSamples }),
      claim(series.map((one) => [one, MINUTE + minute * 60_000, minute] as const)),
    );
  await deliver(0);
  await store.redis.del(timeSeriesPolicyKey(store.prefix));
  const tally = await deliver(1);
  assert.equal([...tally][0]?.[1].written, batchSamples);
  const samples = await Promise.all(series.map((one) => store.samples(one)));
  assert.ok(samples.every((one) => one?.length === 2));
});

test("a changed setting is taken to the series that are there, with their labels and samples", async (t) => {
  const store = await open(t);
  await store.deliver(store.startSink(), claim([[a, MINUTE, 1]]));
  await store.deliver(store.startSink({ retentionMs: 7 * DAY_MS, chunkBytes: 256 }), claim([[a, MINUTE + 60_000, 2]]));
  const info = await timeSeriesInfo(store.redis, store.prefix, a.idText);
  assert.equal(info.get("retentionTime"), 7 * DAY_MS);
  assert.equal(info.get("chunkSize"), 256);
  assert.deepEqual(labelsOfInfo(info).get("path"), "/x%281%29");
  assert.equal((await store.samples(a))?.length, 2);
});

test("what somebody changes in a series is mended within the hour", async (t) => {
  const store = await open(t);
  const sink = store.startSink();
  await store.deliver(sink, claim([[a, MINUTE, 1]]));
  await store.redis.call("TS.ALTER", store.key(a), "RETENTION", 60_000, "LABELS", "__name__", "other");
  store.clock.nowMs += HOUR_MS;
  await store.deliver(sink, claim([[a, MINUTE + HOUR_MS, 1]]));
  assert.deepEqual(await store.find("__name__=a_total"), [store.key(a)]);
  const info = await timeSeriesInfo(store.redis, store.prefix, a.idText);
  assert.equal(info.get("retentionTime"), DAY_MS);
});

test("a series that somebody changes meanwhile to refuse what it has is mended and written", async (t) => {
  const store = await open(t);
  const sink = store.startSink();
  await store.deliver(sink, claim([[a, MINUTE, 1]]));
  await store.redis.call("TS.ALTER", store.key(a), "DUPLICATE_POLICY", "BLOCK");
  await store.deliver(sink, claim([[a, MINUTE + 1, 2]]));
  assert.deepEqual(store.refused, []);
  assert.deepEqual(await store.samples(a), [[MINUTE, 2]]);
});

test("a key that is no series is left as it is, and its samples are refused", async (t) => {
  const store = await open(t);
  await store.redis.set(store.key(a), "not a series");
  const tally = await store.deliver(store.startSink(), claim([[a, MINUTE, 1]]));
  assert.equal([...tally][0]?.[1].dead.refused_by_store, 1);
  assert.match(store.refused[0]?.detail ?? "", /not a time series/);
  assert.equal(await store.redis.get(store.key(a)), "not a series");
  assert.equal(await store.redis.pttl(store.key(a)), -1);
});

test("a sample far ahead of now does not make its series refuse all others", async (t) => {
  const store = await open(t);
  const tally = await store.deliver(
    store.startSink(),
    claim([
      [a, MINUTE + 366 * DAY_MS, 1],
      [a, MINUTE, 2],
    ]),
  );
  assert.deepEqual([...tally][0]?.[1].skipped, { too_far_ahead: 1 });
  assert.deepEqual(await store.samples(a), [[MINUTE, 2]]);
});
