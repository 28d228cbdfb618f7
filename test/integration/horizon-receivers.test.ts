import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, type TestContext, test } from "node:test";
import { createRig, GENERATION, type Rig, START_MS } from "../horizon/support/horizon-rig.ts";
import { type RecordingReceiver, startRecordingReceiver } from "../horizon/support/recording-receiver.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";

let redisServer: RedisServer;
before(async () => {
  redisServer = await startRedis();
});
after(() => redisServer.stop());

const SERIES = 40;

async function startReceivers(t: TestContext): Promise<[RecordingReceiver, RecordingReceiver]> {
  const receivers = await Promise.all([startRecordingReceiver(), startRecordingReceiver()]);
  t.after(() => Promise.all(receivers.map((receiver) => receiver.stop())));
  return receivers;
}

async function writeSeries(rig: Rig): Promise<void> {
  const samples = Array.from({ length: SERIES }, (_, i) => [{ __name__: "up", i: String(i) }, START_MS, i] as const);
  await rig.filler.write({ generation: GENERATION, samples });
}

test("each of several receivers gets everything, and one that is away holds up no other", async (t) => {
  const [near, far] = await startReceivers(t);
  const rig = await createRig(t, {
    redisUrl: redisServer.url,
    timeseriesUrl: false,
    settings: { VICTORIAMETRICS_URLS: { near: near.url, far: far.url }, VICTORIAMETRICS_SETTLE_SECONDS: 0 },
  });
  far.answer = () => ({ status: 503 });
  await writeSeries(rig);
  const first = await rig.cycle();
  assert.equal(near.accepted().size, SERIES);
  assert.equal(far.accepted().size, 0);
  assert.equal(first.finished, 0, "the claim waits for the one that is away");
  assert.equal(await rig.metric("horizon_samples_written_total", { sink: "victoriametrics.near" }), SERIES);
  far.answer = () => ({ status: 204 });
  const second = await rig.cycle();
  assert.equal(second.finished, 1);
  assert.deepEqual(far.accepted(), near.accepted());
  assert.equal(near.requests.filter(({ series }) => series.length > 0).length, 1, "nothing is sent twice");
});

test("series are spread over receivers, each to one of them, and the sums balance", async (t) => {
  const [a, b] = await startReceivers(t);
  const rig = await createRig(t, {
    redisUrl: redisServer.url,
    timeseriesUrl: false,
    settings: {
      VICTORIAMETRICS_URLS: { a: a.url, b: b.url },
      VICTORIAMETRICS_SPREAD: "shard",
      VICTORIAMETRICS_SETTLE_SECONDS: 0,
    },
  });
  await writeSeries(rig);
  assert.equal((await rig.cycle()).finished, 1);
  const [ofA, ofB] = [[...a.accepted().keys()], [...b.accepted().keys()]];
  assert.ok(ofA.length > 5 && ofB.length > 5);
  assert.equal(new Set([...ofA, ...ofB]).size, SERIES);
  assert.equal(ofA.length + ofB.length, SERIES);
  for (const [name, held] of [
    ["a", ofA.length],
    ["b", ofB.length],
  ] as const) {
    const sink = `victoriametrics.${name}`;
    assert.equal(await rig.metric("horizon_samples_claimed_total", { sink }), SERIES);
    assert.equal(await rig.metric("horizon_samples_written_total", { sink }), held);
    assert.equal(
      await rig.metric("horizon_samples_skipped_total", { sink, reason: "held_by_other_store" }),
      SERIES - held,
    );
  }
});

test("a token goes to the stores whose URL has no user", async (t) => {
  const [plain, named] = await startReceivers(t);
  const rig = await createRig(t, {
    redisUrl: redisServer.url,
    timeseriesUrl: false,
    settings: {
      VICTORIAMETRICS_URLS: { plain: plain.url, named: named.url.replace("//", "//me:secret@") },
      VICTORIAMETRICS_BEARER_TOKEN: "t0ken",
    },
  });
  await writeSeries(rig);
  await rig.cycle();
  assert.equal(plain.requests[0]?.headers.authorization, "Bearer t0ken");
  assert.equal(named.requests[0]?.headers.authorization, `Basic ${Buffer.from("me:secret").toString("base64")}`);
});

test("a store's certificate is checked against the authorities that are set", async (t) => {
  const pem = (name: string) => readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), "utf8");
  const receiver = await startRecordingReceiver(0, { key: pem("server-key"), cert: pem("server") });
  t.after(() => receiver.stop());
  const options = { redisUrl: redisServer.url, timeseriesUrl: false, victoriaUrl: receiver.url } as const;
  const rig = await createRig(t, options);
  await writeSeries(rig);
  const refused = await rig.cycle();
  assert.match(refused.sinks.victoriametrics?.failure ?? "", /certificate/);
  assert.equal(receiver.accepted().size, 0);
  const trusting = await createRig(t, { ...options, ca: pem("ca"), beside: rig });
  await trusting.cycle();
  assert.equal(receiver.accepted().size, SERIES);
});
