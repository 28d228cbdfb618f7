import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { BlockSpec } from "../horizon/support/buffer-filler.ts";
import { createRig, GENERATION, START_MS } from "../horizon/support/horizon-rig.ts";
import { labelText, type RecordingReceiver, startRecordingReceiver } from "../horizon/support/recording-receiver.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";

let redisServer: RedisServer;
let receiver: RecordingReceiver;
before(async () => {
  redisServer = await startRedis();
  receiver = await startRecordingReceiver();
});
after(async () => {
  await redisServer.stop();
  await receiver.stop();
});

const MINUTE = START_MS - (START_MS % 60_000);
const a = { __name__: "a" };
const b = { __name__: "b" };
const urls = () => ({ redisUrl: redisServer.url, victoriaUrl: receiver.url });

test("a block of an unknown series is parked whole and the epoch is raised; once the series is known it is delivered", async (t) => {
  const rig = await createRig(t, urls());
  const known: BlockSpec = { tenant: "park", generation: GENERATION, samples: [[a, MINUTE, 1]] };
  const unknown: BlockSpec = {
    ...known,
    samples: [
      [a, MINUTE + 1, 2],
      [b, MINUTE, 3],
    ],
  };
  await rig.filler.write(known);
  await rig.filler.writeUnregistered(unknown);
  const epoch = await rig.redis.get(rig.keys.epoch);
  let report = await rig.cycle();
  assert.equal(report.finished, 1);
  assert.notEqual(await rig.redis.get(rig.keys.epoch), epoch);
  assert.equal(await rig.redis.zcard(rig.keys.parked), 1);
  assert.equal(await rig.metric("horizon_blocks_parked_total"), 1);
  const textOf = (labels: Record<string, string>) => labelText(rig.filler.fullLabels(known, labels));
  assert.equal(receiver.accepted().get(textOf(a))?.length, 1);

  rig.clock.nowMs += 60_000;
  const second = await rig.redis.get(rig.keys.epoch);
  report = await rig.cycle();
  assert.equal(report.parkedBlocks, 1);
  assert.equal(await rig.redis.get(rig.keys.epoch), second, "a block that stays parked does not raise the epoch again");

  // Flux registers again in the hour that it has become meanwhile.
  await rig.filler.register({ ...unknown, generation: GENERATION + 1 });
  rig.clock.nowMs += 60_000;
  report = await rig.cycle();
  assert.equal(report.parkedBlocks, 0);
  assert.equal(report.finished, 1);
  assert.equal(receiver.accepted().get(textOf(a))?.length, 2);
  assert.equal(receiver.accepted().get(textOf(b))?.length, 1);
  for (const sink of ["timeseries", "victoriametrics"]) {
    assert.equal(await rig.metric("horizon_samples_claimed_total", { sink }), 3);
    assert.equal(await rig.metric("horizon_samples_dead_total", { sink }), 0);
  }
  assert.equal((await rig.redis.hgetall(rig.keys.bytes))["claimed"], "0");
});

test("a block whose series never becomes known ends in the dead letters, counted", async (t) => {
  const rig = await createRig(t, { ...urls(), settings: { HORIZON_PARK_SECONDS: 100 } });
  const block: BlockSpec = {
    tenant: "lost",
    server: "s9",
    generation: GENERATION,
    samples: [
      [a, MINUTE, 1],
      [b, MINUTE, 1],
    ],
  };
  await rig.filler.writeUnregistered(block);
  await rig.cycle();
  rig.clock.nowMs += 99_999;
  assert.equal((await rig.cycle()).parkedBlocks, 1);
  rig.clock.nowMs += 1;
  assert.equal((await rig.cycle()).parkedBlocks, 0);
  const [letter] = await rig.deadLetters();
  assert.deepEqual([letter?.reason, letter?.tenant, letter?.server], ["unknown_series", "lost", "s9"]);
  assert.equal(await rig.metric("horizon_blocks_dead_total", { reason: "unknown_series" }), 1);
  for (const sink of ["timeseries", "victoriametrics"]) {
    assert.equal(await rig.metric("horizon_samples_claimed_total", { sink, tenant: "lost" }), 2);
    assert.equal(await rig.metric("horizon_samples_dead_total", { sink, tenant: "lost", reason: "unknown_series" }), 2);
  }
});

test("damaged blocks end in the dead letters by reason, and good ones beside them are delivered", async (t) => {
  const rig = await createRig(t, urls());
  const good: BlockSpec = { tenant: "poison", generation: GENERATION, samples: [[a, MINUTE, 1]] };
  await rig.filler.write(good);
  const [block] = await rig.redis.smembersBuffer(rig.keys.blocks);
  assert.ok(block);
  const flipped = Buffer.from(block);
  flipped[20] = (flipped[20] ?? 0) ^ 1;
  const newer = Buffer.from(block);
  newer[0] = 99;
  for (const bytes of [flipped, newer, Buffer.from("x")]) {
    await rig.filler.writeBytes(bytes);
  }
  assert.equal((await rig.cycle()).finished, 1);
  const letters = new Map(
    (await rig.deadLetters()).map((letter) => [letter.reason, letter.kind === "block" ? letter.block : undefined]),
  );
  assert.deepEqual([...letters.keys()].sort(), ["checksum_mismatch", "malformed", "unknown_version"]);
  assert.deepEqual(letters.get("checksum_mismatch"), flipped);
  for (const reason of letters.keys()) {
    assert.equal(await rig.metric("horizon_blocks_dead_total", { reason }), 1);
  }
  assert.equal(receiver.accepted().get(labelText(rig.filler.fullLabels(good, a)))?.length, 1);
});

test("a series is found in another generation when the block's own does not have it", async (t) => {
  const rig = await createRig(t, urls());
  const block: BlockSpec = { tenant: "fallback", generation: GENERATION, samples: [[a, MINUTE, 1]] };
  await rig.filler.register({ ...block, generation: GENERATION - 1 });
  await rig.filler.writeUnregistered(block);
  const report = await rig.cycle();
  assert.equal(report.finished, 1);
  assert.equal(report.parkedBlocks, 0);
});

test("generations that nobody needs are forgotten, and those of waiting claims and parked blocks are not", async (t) => {
  const rig = await createRig(t, urls());
  const HOUR = 3_600_000;
  const blockOf = (generation: number, labels: Record<string, string>): BlockSpec => ({
    ...{ tenant: "hours", generation, samples: [[labels, MINUTE, 1]] },
  });
  const existing = async () => (await rig.redis.smembers(rig.keys.generations)).map(Number).sort((x, y) => x - y);
  const seriesKeys = async () => (await rig.redis.keys(`${rig.prefix}flux.series.*`)).length;
  for (let i = 4; i >= 0; i--) {
    await rig.filler.register(blockOf(GENERATION - i, a));
  }
  receiver.answer = () => ({ status: 500 });
  await rig.filler.write(blockOf(GENERATION - 2, a));
  await rig.cycle();
  assert.deepEqual(await existing(), [GENERATION - 3, GENERATION - 2, GENERATION - 1, GENERATION]);
  assert.equal(await seriesKeys(), 4);

  receiver.answer = () => ({ status: 204 });
  await rig.filler.writeUnregistered(blockOf(GENERATION - 1, b));
  rig.clock.nowMs += 3 * HOUR;
  await rig.cycle();
  await rig.cycle();
  assert.equal(await rig.redis.zcard(rig.keys.parked), 1);
  assert.deepEqual(await existing(), [GENERATION - 2, GENERATION - 1, GENERATION]);

  await rig.filler.register(blockOf(GENERATION + 3, b));
  await rig.cycle();
  await rig.cycle();
  assert.deepEqual(await existing(), [GENERATION + 3]);
  assert.equal(await seriesKeys(), 1);
});

test("parked blocks all have their turn, however many there are", async (t) => {
  const rig = await createRig(t, { ...urls(), timeseriesUrl: false });
  const blocks = 450;
  const blockOf = (i: number): BlockSpec => ({
    tenant: "many",
    generation: GENERATION,
    samples: [[{ __name__: `p${i}` }, MINUTE, 1]],
  });
  for (let i = 0; i < blocks; i++) {
    await rig.filler.writeUnregistered(blockOf(i));
  }
  await rig.cycle();
  assert.equal(await rig.redis.zcard(rig.keys.parked), blocks);
  const parked = await rig.redis.zrange(rig.keys.parked, "0", "-1");
  assert.equal(parked.length, blocks);
  for (const last of [0, 1, 2]) {
    await rig.filler.register(blockOf(blocks - 1 - last));
  }
  for (let cycle = 0; cycle < 4; cycle++) {
    rig.clock.nowMs += 60_000;
    await rig.cycle();
  }
  assert.equal(await rig.redis.zcard(rig.keys.parked), blocks - 3);
  assert.equal(await rig.metric("horizon_samples_written_total", { tenant: "many" }), 3);
});
