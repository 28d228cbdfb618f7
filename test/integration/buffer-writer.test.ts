import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { Redis } from "ioredis";
import { BufferWriter, type BufferWriterOptions } from "../../services/flux/buffer-writer.ts";
import type { KeptSamples } from "../../services/flux/intake/intake.ts";
import { loadKernel } from "../../services/kernel/load-kernel.ts";
import { decodeBlock } from "../../services/shared/block.ts";
import { shardKeys } from "../../services/shared/buffer-keys.ts";
import { generationAt } from "../../services/shared/generation.ts";
import { encodeLabels } from "../../services/shared/label-bytes.ts";
import { loadScripts } from "../../services/shared/redis-scripts/run-script.ts";
import { decodeRecord } from "../../services/shared/registry-record.ts";
import { createSeriesHasher, type SeriesHasher, shardOf } from "../../services/shared/series-id.ts";
import { addSeries, known, samplesOf } from "../flux/support/known-series.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { SPECIAL_VALUE_BITS } from "../support/special-values.ts";

const xxh64 = await createSeriesHasher();
const kernel = loadKernel((error) => assert.fail(String(error)));
/** Ids of 7 bits, so that sixty series are sure to collide. */
const shortHash: SeriesHasher = { idOf: (bytes, attempt) => xxh64.idOf(bytes, attempt) & 0x7fn };
const nowMs = 1_795_000_000_000;
const generation = generationAt(nowMs);
const owner = { tenant: "acme", server: "s1", namespace: "acme" };

let server: RedisServer;
let redis: Redis;

before(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});
after(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(() => redis.flushall());

function createWriter(options: Partial<BufferWriterOptions> = {}) {
  const events: string[] = [];
  const writer = new BufferWriter({
    runScript: loadScripts(redis),
    hasher: xxh64,
    blocks: kernel,
    keyPrefix: "",
    shards: 1,
    maxBytes: 1e9,
    registryRetentionMs: 3_600_000,
    now: () => nowMs,
    typesOf: () => () => "unknown",
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { writer, events };
}

function series(name: string, hasher = xxh64, shards = 1, tenant = "acme"): number {
  const labels = [
    { name: "__name__", value: name },
    { name: "_tenant_id", value: tenant },
  ];
  const id = hasher.idOf(encodeLabels(labels), 0);
  return addSeries(labels, id, shardOf(id, shards));
}

function samples(of: readonly number[], timestampMs = nowMs, bits = 1n): KeptSamples {
  return samplesOf(of, timestampMs, bits);
}

/** Everything in the buffer as `metric@timestamp=bits`, names looked up as Horizon does. */
async function stored(shards = 1): Promise<string[]> {
  const found: string[] = [];
  for (let shard = 0; shard < shards; shard++) {
    const keys = shardKeys("", shard);
    for (const bytes of await redis.smembersBuffer(keys.blocks)) {
      const decoded = decodeBlock(bytes);
      assert.ok(decoded.ok);
      const { ids, timestampsMs, valueBits } = decoded.block.samples;
      for (const [i, id] of ids.entries()) {
        found.push(`${await nameOf(keys.series(decoded.block.generation), id)}@${timestampsMs[i]}=${valueBits[i]}`);
      }
    }
  }
  return found.sort();
}

async function nameOf(key: string, id: bigint): Promise<string> {
  const idBytes = Buffer.alloc(8);
  idBytes.writeBigUInt64LE(id);
  const record = await redis.hgetBuffer(key, idBytes);
  const labels = record && decodeRecord(record)?.labels;
  return labels?.map(({ value }) => value).join("/") ?? `unknown ${id}`;
}

describe("a commit", () => {
  test("more new series than one command may hold are registered ahead of their block", async () => {
    const { writer } = createWriter();
    const many = Array.from({ length: 100_000 }, (_, i) => series(`metric_${i}`));
    const commit = await writer.commit(samples(many), owner);
    assert.ok(commit.ok);
    assert.equal(commit.registeredSeries, many.length);
    assert.equal(await redis.hlen(shardKeys("", 0).series(generation)), many.length);
    assert.equal(await redis.scard(shardKeys("", 0).blocks), 1, "and nothing else is among the blocks");
  });

  test("puts the samples and every series that they name into Redis, bit for bit", async () => {
    const { writer } = createWriter();
    const all = Object.values(SPECIAL_VALUE_BITS).map((bits, i) => ({ bits, of: series(`m${i}`) }));
    const kept = {
      series: Uint32Array.from(all, ({ of }) => of),
      known,
      timestampsMs: Float64Array.from(all, (_, i) => i - 3),
      valueBits: BigUint64Array.from(all, ({ bits }) => bits),
    };
    const commit = await writer.commit(kept, owner);
    const blockBytes = await bytesOfBlocks(shardKeys("", 0).blocks);
    assert.deepEqual(commit, { ok: true, registeredSeries: all.length, blockBytes });
    assert.deepEqual(await stored(), all.map(({ bits }, i) => `m${i}/acme@${i - 3}=${bits}`).sort());
  });

  test("delivered again is the same set member, also by another process", async () => {
    await createWriter().writer.commit(samples([series("a"), series("b")]), owner);
    const again = createWriter().writer;
    await again.commit(samples([series("a"), series("b")]), owner);
    await again.commit(samples([series("a"), series("b")]), owner);
    const keys = shardKeys("", 0);
    assert.equal(await redis.scard(keys.blocks), 1);
    assert.equal(await redis.hget(keys.activeSeries(generation), "acme"), "2");
    assert.equal(await redis.hget(keys.bytes, "unclaimed"), String(await bytesOfBlocks(keys.blocks)));
  });

  test("registers a series once, and again in the next generation", async () => {
    let clock = nowMs;
    const { writer } = createWriter({ now: () => clock });
    const one = series("a");
    const registered = async (timestampMs: number) => {
      const commit = await writer.commit(samples([one], timestampMs), owner);
      return commit.ok && commit.registeredSeries;
    };
    assert.equal(await registered(1), 1);
    assert.equal(await registered(2), 0);
    clock += 3_600_000;
    assert.equal(await registered(3), 1);
    const keys = shardKeys("", 0);
    assert.deepEqual((await redis.smembers(keys.generations)).sort(), [String(generation), String(generation + 1)]);
    assert.ok((await redis.pttl(keys.series(generation))) > 0, "a generation expires by itself");
    assert.equal(await redis.hget(keys.bytes, "unclaimed_since_generation"), String(generation));
  });

  test("to several shards puts every series where its id belongs", async () => {
    const { writer } = createWriter({ shards: 4 });
    const all = Array.from({ length: 100 }, (_, i) => series(`m${i}`, xxh64, 4));
    await writer.commit(samples(all), owner);
    assert.equal((await stored(4)).length, 100);
    for (let shard = 0; shard < 4; shard++) {
      assert.equal(await redis.scard(shardKeys("", shard).blocks), 1);
    }
  });

  test("is refused whole when the buffer is full", async () => {
    const { writer } = createWriter({ maxBytes: 80 });
    const commit = await writer.commit(samples([series("a")]), owner);
    assert.ok(commit.ok);
    assert.equal((await writer.commit(samples([series("b")], 1), owner)).ok, false);
    assert.deepEqual(await stored(), [`a/acme@${nowMs}=1`]);
  });

  test("throws when Redis has no memory left, and stores nothing", async () => {
    const { writer } = createWriter();
    await redis.config("SET", "maxmemory", "1");
    await assert.rejects(writer.commit(samples([series("a")]), owner), /OOM/);
    await redis.config("SET", "maxmemory", "0");
    assert.deepEqual(await stored(), []);
  });
});

describe("when Redis has lost its data", () => {
  test("all series are registered again before a sample is acknowledged", async () => {
    const { writer, events } = createWriter();
    const all = [series("a"), series("b")];
    await writer.commit(samples(all, 1), owner);
    await redis.flushall();
    await writer.commit(samples(all, 2), owner);
    assert.deepEqual(await stored(), ["a/acme@2=1", "b/acme@2=1"]);
    assert.deepEqual(events, ["epoch_changed"]);
  });

  test("requests on their way at the same time all notice", async () => {
    const { writer, events } = createWriter();
    const all = Array.from({ length: 20 }, (_, i) => series(`m${i}`));
    await writer.commit(samples(all, 1), owner);
    await redis.flushall();
    await Promise.all(all.map((one, i) => writer.commit(samples([one], 10 + i), owner)));
    assert.deepEqual(await stored(), all.map((_, i) => `m${i}/acme@${10 + i}=1`).sort());
    assert.deepEqual(events, ["epoch_changed"]);
  });
});

describe("series whose ids collide", () => {
  const names = Array.from({ length: 30 }, (_, i) => `m${i}`);
  const tenants = ["acme", "other"];
  const all = () => tenants.flatMap((tenant) => names.map((name) => series(name, shortHash, 1, tenant)));
  const want = tenants.flatMap((tenant) => names.map((name) => `${name}/${tenant}@${nowMs}=1`)).sort();

  test("are kept apart, within a tenant and between tenants", async () => {
    const { writer, events } = createWriter({ hasher: shortHash });
    const colliding = all();
    assert.ok(new Set(colliding.map((one) => known.idOf(one))).size < colliding.length, "the hash is short enough");
    for (const one of colliding) {
      await writer.commit(samples([one]), owner);
    }
    assert.ok(events.includes("id_collision"));
    assert.deepEqual(await stored(), want);
  });

  test("in one request are kept apart too", async () => {
    await createWriter({ hasher: shortHash }).writer.commit(samples(all()), owner);
    assert.deepEqual(await stored(), want);
  });

  test("keep the ids that they were given, whoever comes first the next time", async () => {
    let clock = nowMs;
    const first = all();
    const options = { hasher: shortHash, now: () => clock };
    await createWriter(options).writer.commit(samples(first), owner);
    clock += 3_600_000;
    const later = all().reverse();
    await createWriter(options).writer.commit(samples(later), owner);
    const ids = (of: number[]) => new Map(of.map((one) => [known.recordOf(one).toString("hex"), known.idOf(one)]));
    assert.deepEqual(ids(later.reverse()), ids(first));
  });
});

async function bytesOfBlocks(key: string): Promise<number> {
  const members = await redis.smembersBuffer(key);
  return members.reduce((sum, member) => sum + member.length, 0);
}
