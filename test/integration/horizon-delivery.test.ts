import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { BlockSpec } from "../horizon/support/buffer-filler.ts";
import { createRig, GENERATION, START_MS } from "../horizon/support/horizon-rig.ts";
import { labelText, startRecordingReceiver } from "../horizon/support/recording-receiver.ts";
import { labelsOfInfo, timeSeriesInfo, timeSeriesSamples } from "../horizon/support/stored-samples.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { SPECIAL_VALUE_BITS } from "../support/special-values.ts";
import { startVictoriaMetrics, type VictoriaMetrics } from "../support/victoria-metrics.ts";

let redisServer: RedisServer;
let victoria: VictoriaMetrics;
before(async () => {
  redisServer = await startRedis();
  victoria = await startVictoriaMetrics();
});
after(async () => {
  await redisServer.stop();
  await victoria.stop();
});

const MINUTE = START_MS - (START_MS % 60_000);
const a = { __name__: "a_total", path: "/x(1),y=2" };
const b = { __name__: "b", instance: "host:9100", note: 'quote " and 日本' };

test("samples of several blocks arrive in both stores under the labels of their series", async (t) => {
  const rig = await createRig(t, { redisUrl: redisServer.url, victoriaUrl: victoria.url });
  const block: BlockSpec = {
    tenant: "delivery",
    generation: GENERATION,
    samples: [
      [a, MINUTE + 10_000, 1],
      [b, MINUTE + 10_000, 2.5],
      [a, MINUTE + 25_000, 3],
    ],
  };
  await rig.filler.write(block);
  await rig.filler.write({
    ...block,
    samples: [
      [a, MINUTE + 40_000, 4],
      [b, MINUTE + 70_000, -7],
    ],
  });
  const report = await rig.cycle();
  assert.equal(report.outcome, "done");
  assert.equal(report.finished, 1);
  assert.deepEqual(report.remaining, []);

  const exported = await victoria.exportAll('{_tenant_id="delivery"}');
  const stored = new Map(
    exported.map(({ labels, samples }) => [
      labelText(labels),
      samples.map(({ timestampMs, value }) => [timestampMs, value]),
    ]),
  );
  assert.deepEqual(
    stored,
    new Map([
      [
        labelText(rig.filler.fullLabels(block, a)),
        [
          [MINUTE + 10_000, 1],
          [MINUTE + 25_000, 3],
          [MINUTE + 40_000, 4],
        ],
      ],
      [
        labelText(rig.filler.fullLabels(block, b)),
        [
          [MINUTE + 10_000, 2.5],
          [MINUTE + 70_000, -7],
        ],
      ],
    ]),
  );

  const idOfA = rig.filler.idOf(block, a);
  assert.deepEqual(await timeSeriesSamples(rig.redis, rig.prefix, idOfA), [[MINUTE, "4"]]);
  assert.deepEqual(await timeSeriesSamples(rig.redis, rig.prefix, rig.filler.idOf(block, b)), [
    [MINUTE, "2.5"],
    [MINUTE + 60_000, "-7"],
  ]);
  const info = await timeSeriesInfo(rig.redis, rig.prefix, idOfA);
  assert.equal(info.get("retentionTime"), 86_400_000);
  assert.equal(info.get("chunkSize"), 384);
  assert.equal(info.get("duplicatePolicy"), "last");
  const labels = labelsOfInfo(info);
  assert.deepEqual(
    labels,
    new Map([
      ["__name__", "a_total"],
      ["_server_id", "s1"],
      ["_tenant_id", "delivery"],
      ["path", "/x%281%29%2Cy%3D2"],
    ]),
  );

  const of = (sink: string) => ({ sink, tenant: "delivery" });
  assert.equal(await rig.metric("horizon_samples_claimed_total", of("victoriametrics")), 5);
  assert.equal(await rig.metric("horizon_samples_written_total", of("victoriametrics")), 5);
  assert.equal(await rig.metric("horizon_samples_claimed_total", of("timeseries")), 5);
  assert.equal(await rig.metric("horizon_samples_written_total", of("timeseries")), 3);
  assert.equal(
    await rig.metric("horizon_samples_skipped_total", { ...of("timeseries"), reason: "older_in_bucket" }),
    2,
  );
});

test("a finished claim leaves nothing in the buffer but the registry", async (t) => {
  const rig = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: false, victoriaUrl: victoria.url });
  await rig.filler.write({ generation: GENERATION, samples: [[a, MINUTE, 1]] });
  await rig.cycle();
  const left = (await rig.redis.keys(`${rig.prefix}*`)).map((key) => key.slice(rig.prefix.length)).sort();
  const registry = ["active_series", "series"].map((name) => `flux.${name}.{flux:0}.${GENERATION}`);
  assert.deepEqual(
    left,
    [
      ...registry,
      "flux.buffer_bytes.{flux:0}",
      "flux.epoch.{flux:0}",
      "flux.generations.{flux:0}",
      "horizon.fence.{flux:0}",
    ].sort(),
  );
  assert.deepEqual(await rig.redis.hgetall(rig.keys.bytes), { claimed: "0", last_claim_ms: String(START_MS) });
  assert.equal(await rig.metric("horizon_buffer_bytes"), 0);
});

test("every value keeps its bits and every time its millisecond on the way to a receiver", async (t) => {
  const receiver = await startRecordingReceiver();
  t.after(() => receiver.stop());
  const rig = await createRig(t, { redisUrl: redisServer.url, victoriaUrl: receiver.url });
  const values = Object.values(SPECIAL_VALUE_BITS);
  const times = [0, 1, -1, -(2 ** 50), 2 ** 50, Date.UTC(1815, 11, 10)];
  const block: BlockSpec = {
    generation: GENERATION,
    samples: [
      ...values.map((bits, i) => [a, MINUTE + i, bits] as const),
      ...times.map((timestampMs) => [b, timestampMs, 1] as const),
    ],
  };
  await rig.filler.write(block);
  await rig.cycle();
  const one = 0x3ff0000000000000n.toString(16);
  assert.deepEqual(
    receiver.accepted(),
    new Map([
      [labelText(rig.filler.fullLabels(block, a)), values.map((bits, i) => `${MINUTE + i}:${bits.toString(16)}`)],
      [
        labelText(rig.filler.fullLabels(block, b)),
        [...times].sort((x, y) => x - y).map((timestampMs) => `${timestampMs}:${one}`),
      ],
    ]),
  );
  const headers = receiver.requests.find(({ series }) => series.length > 0)?.headers;
  assert.equal(headers?.["content-type"], "application/x-protobuf");
  assert.equal(headers?.["content-encoding"], "snappy");
  assert.equal(headers?.["x-prometheus-remote-write-version"], "0.1.0");
});

test("what RedisTimeSeries cannot hold is skipped by reason, and the rest it holds to the last bit", async (t) => {
  const rig = await createRig(t, { redisUrl: redisServer.url, settings: { RTS_RESOLUTION_SECONDS: 0 } });
  const entries = Object.entries(SPECIAL_VALUE_BITS);
  const block: BlockSpec = {
    generation: GENERATION,
    samples: [...entries.map(([, bits], i) => [a, MINUTE + i, bits] as const), [a, -1, 1]],
  };
  await rig.filler.write(block);
  await rig.cycle();
  const stored = await timeSeriesSamples(rig.redis, rig.prefix, rig.filler.idOf(block, a));
  const at = (name: string) => MINUTE + entries.findIndex(([one]) => one === name);
  assert.deepEqual(
    stored?.map(([timestampMs, value]) => [timestampMs, value.toLowerCase()]),
    [
      [at("minus zero"), "-0"],
      [at("smallest subnormal"), "5e-324"],
      [at("1/3"), "0.3333333333333333"],
      [at("zero"), "0"],
    ],
  );
  const skipped = (reason: string) => rig.metric("horizon_samples_skipped_total", { sink: "timeseries", reason });
  assert.equal(await skipped("nan_not_storable"), 6);
  assert.equal(await skipped("infinity_not_storable"), 2);
  assert.equal(await skipped("negative_timestamp"), 1);
  assert.equal(await rig.metric("horizon_samples_claimed_total"), entries.length + 1);
  assert.equal(await rig.metric("horizon_samples_written_total"), 4);
});

test("a sample that is older than a series' retention is skipped", async (t) => {
  const rig = await createRig(t, { redisUrl: redisServer.url, settings: { FULL_DURATION: 3600 } });
  const block: BlockSpec = { generation: GENERATION, samples: [[a, MINUTE, 1]] };
  await rig.filler.write(block);
  await rig.cycle();
  await rig.filler.write({ ...block, samples: [[a, MINUTE - 3_660_000, 9]] });
  await rig.cycle();
  assert.deepEqual(await timeSeriesSamples(rig.redis, rig.prefix, rig.filler.idOf(block, a)), [[MINUTE, "1"]]);
  assert.equal(await rig.metric("horizon_samples_skipped_total", { reason: "older_than_retention" }), 1);
  assert.equal(await rig.metric("horizon_samples_written_total"), 1);
});

test("an older sample that comes in a later claim does not take the place of the newest of its bucket", async (t) => {
  const rig = await createRig(t, { redisUrl: redisServer.url });
  const block = (timestampMs: number, value: number): BlockSpec => ({
    generation: GENERATION,
    samples: [[a, timestampMs, value]],
  });
  const stored = () => timeSeriesSamples(rig.redis, rig.prefix, rig.filler.idOf(block(0, 0), a));
  await rig.filler.write(block(MINUTE + 30_000, 30));
  await rig.cycle();
  await rig.filler.write(block(MINUTE + 10_000, 10));
  await rig.cycle();
  assert.deepEqual(await stored(), [[MINUTE, "30"]]);
  await rig.filler.write(block(MINUTE + 50_000, 50));
  await rig.cycle();
  assert.deepEqual(await stored(), [[MINUTE, "50"]]);
  assert.equal(await rig.metric("horizon_samples_skipped_total", { reason: "older_in_bucket" }), 1);
});

test("a skipped namespace stays out of both stores, but for what is not to be skipped", async (t) => {
  const receiver = await startRecordingReceiver();
  t.after(() => receiver.stop());
  const rig = await createRig(t, {
    redisUrl: redisServer.url,
    victoriaUrl: receiver.url,
    settings: { SKIP_LIST: ["^noisy\\."], DO_NOT_SKIP_LIST: ["keep_1{", "keep_2{", "keep_3{"] },
  });
  const names = ["keep_1", "keep_2", "keep_3", "drop_1", "drop_2"];
  const samples = names.map((name) => [{ __name__: name }, MINUTE, 1] as const);
  const noisy: BlockSpec = { namespace: "noisy", generation: GENERATION, samples };
  const quiet: BlockSpec = {
    namespace: "quiet",
    server: "s2",
    generation: GENERATION,
    samples: [[{ __name__: "drop_1" }, MINUTE, 1]],
  };
  await rig.filler.write(noisy);
  await rig.filler.write(quiet);
  await rig.cycle();
  const want = [
    ...["keep_1", "keep_2", "keep_3"].map((name) => labelText(rig.filler.fullLabels(noisy, { __name__: name }))),
    labelText(rig.filler.fullLabels(quiet, { __name__: "drop_1" })),
  ];
  assert.deepEqual([...receiver.accepted().keys()].sort(), want.sort());
  assert.equal((await rig.redis.keys(`${rig.prefix}labelled_metrics.*`)).length, 4);
  for (const sink of ["timeseries", "victoriametrics"]) {
    assert.equal(await rig.metric("horizon_samples_claimed_total", { sink }), 6);
    assert.equal(await rig.metric("horizon_samples_written_total", { sink }), 4);
    assert.equal(await rig.metric("horizon_samples_skipped_total", { sink, reason: "skip_list" }), 2);
  }
});

test("a claim of many blocks is read in slices, each block once", async (t) => {
  const receiver = await startRecordingReceiver();
  t.after(() => receiver.stop());
  const rig = await createRig(t, {
    redisUrl: redisServer.url,
    victoriaUrl: receiver.url,
    settings: { HORIZON_SLICE_BLOCKS: 10 },
  });
  const blocks = 300;
  for (let i = 0; i < blocks; i++) {
    await rig.filler.write({
      generation: GENERATION,
      samples: [
        [a, MINUTE + i, i],
        [{ __name__: `c${i}` }, MINUTE, 1],
      ],
    });
  }
  await rig.cycle();
  const accepted = receiver.accepted();
  assert.equal(accepted.size, blocks + 1);
  const [times] = [...accepted].filter(([labels]) => labels.includes("a_total")).map(([, samples]) => samples);
  assert.equal(times?.length, blocks);
  assert.equal(new Set(times).size, blocks);
  assert.ok(receiver.requests.length > 10, `${receiver.requests.length} requests`);
  assert.equal(await rig.metric("horizon_samples_claimed_total", { sink: "timeseries" }), 2 * blocks);
  assert.equal(await rig.metric("horizon_samples_written_total", { sink: "timeseries" }), blocks + 1);
  assert.equal(
    (
      await timeSeriesSamples(rig.redis, rig.prefix, rig.filler.idOf({ generation: GENERATION, samples: [] }, a))
    )?.[0]?.[1],
    "299",
  );
});

test("a block that Redis' scan gives twice, as it may, is delivered and counted once", async (t) => {
  const receiver = await startRecordingReceiver();
  t.after(() => receiver.stop());
  const rig = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: false, victoriaUrl: receiver.url });
  const scan: unknown = Reflect.get(rig.redis, "sscanBuffer");
  assert.ok(typeof scan === "function");
  Object.defineProperty(rig.redis, "sscanBuffer", {
    value: async (...args: unknown[]) => {
      const [cursor, blocks] = await Reflect.apply(scan, rig.redis, args);
      return [cursor, [...blocks, ...blocks]];
    },
  });
  const block: BlockSpec = { generation: GENERATION, samples: [[a, MINUTE, 1]] };
  await rig.filler.write(block);
  await rig.filler.write({ ...block, samples: [[a, MINUTE + 1, 1]] });
  await rig.cycle();
  assert.equal(receiver.accepted().get(labelText(rig.filler.fullLabels(block, a)))?.length, 2);
  assert.equal(await rig.metric("horizon_samples_claimed_total"), 2);
});

test("tenants are written to URLs of their own where the URL has a place for them", async (t) => {
  const receiver = await startRecordingReceiver();
  t.after(() => receiver.stop());
  const rig = await createRig(t, {
    redisUrl: redisServer.url,
    timeseriesUrl: false,
    victoriaUrl: `${receiver.url.replace("//", "//me:secret@")}/insert/{tenant}/prometheus/api/v1/write`,
  });
  await rig.filler.write({ tenant: "t:1", generation: GENERATION, samples: [[a, MINUTE, 1]] });
  await rig.filler.write({ tenant: "t2", generation: GENERATION, samples: [[a, MINUTE, 1]] });
  await rig.cycle();
  const seen = receiver.requests.map(({ url, series }) => [url, series.map(({ labels }) => labels["_tenant_id"])]);
  assert.deepEqual(seen.sort(), [
    ["/insert/t%3A1/prometheus/api/v1/write", ["t:1"]],
    ["/insert/t2/prometheus/api/v1/write", ["t2"]],
  ]);
  assert.equal(receiver.requests[0]?.headers.authorization, `Basic ${Buffer.from("me:secret").toString("base64")}`);
});
