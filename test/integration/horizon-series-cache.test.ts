import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import type { Redis } from "ioredis";
import { labelsOf } from "../../services/horizon/known-series.ts";
import { SeriesCache } from "../../services/horizon/series-cache.ts";
import type { Block } from "../../services/shared/block.ts";
import { shardKeys } from "../../services/shared/buffer-keys.ts";
import { createLogger } from "../../services/shared/logger.ts";
import { connectRedis, waitForRedis } from "../../services/shared/redis-connection.ts";
import { encodeRecord } from "../../services/shared/registry-record.ts";
import { labelSet } from "../horizon/support/known-series.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";

let server: RedisServer;
let redis: Redis;
before(async () => {
  server = await startRedis();
  redis = connectRedis(server.url, { name: "test", timeoutMs: 5000, logger: createLogger("test", "silent") });
  await waitForRedis(redis, 20_000);
});
after(async () => {
  redis.disconnect();
  await server.stop();
});

function block(generation: number, ids: readonly bigint[]): Block {
  return {
    owner: { tenant: "t", server: "s", namespace: "n" },
    generation,
    samples: {
      ids: BigUint64Array.from(ids),
      timestampsMs: new Float64Array(ids.length),
      valueBits: new BigUint64Array(ids.length),
    },
  };
}

function create(maxSeries = 1000) {
  const keys = shardKeys(`${randomUUID()}:`, 0);
  const register = async (generation: number, id: bigint, name: string) => {
    const field = Buffer.alloc(8);
    field.writeBigUInt64LE(id);
    await redis.hset(keys.series(generation), field, encodeRecord(labelSet({ __name__: name }), "gauge"));
    await redis.sadd(keys.generations, generation);
  };
  return { keys, register, cache: new SeriesCache({ redis, keys, maxSeries }) };
}

/** The series of the samples of some blocks. */
async function find(cache: SeriesCache, blocks: readonly Block[]) {
  const found = await cache.resolve(blocks);
  return found.map((one) => one && Array.from(one.numbers, (number) => one.table.at(number)));
}

test("what was found once needs no registry any more, and has its labels in one place in all generations", async () => {
  const { keys, register, cache } = create();
  await register(7, 1n, "a");
  await register(8, 1n, "a");
  const [first] = await find(cache, [block(7, [1n, 1n])]);
  const [second] = await find(cache, [block(8, [1n])]);
  assert.equal(first?.[0]?.idText, "0000000000000001");
  assert.deepEqual(first?.[1], first?.[0]);
  assert.deepEqual(second?.[0], first?.[0]);
  assert.equal(second?.[0]?.chunk, first?.[0]?.chunk);
  assert.equal(second?.[0]?.start, first?.[0]?.start);
  await redis.del(keys.series(7), keys.series(8));
  assert.deepEqual((await find(cache, [block(7, [1n])]))[0]?.[0], first?.[0]);
});

test("an id that means another series in another generation is that series there", async () => {
  const { register, cache } = create();
  await register(7, 1n, "a");
  await register(8, 1n, "b");
  const [old, young] = await find(cache, [block(7, [1n]), block(8, [1n])]);
  assert.notEqual(old?.[0], young?.[0]);
  const [series] = young ?? [];
  assert.deepEqual(series && labelsOf(series), [{ name: "__name__", value: "b" }]);
});

test("a block with one unknown series is unknown, the others beside it are not", async () => {
  const { register, cache } = create();
  await register(7, 1n, "a");
  const [good, bad] = await find(cache, [block(7, [1n]), block(7, [1n, 2n])]);
  assert.equal(good?.length, 1);
  assert.equal(bad, undefined);
});

test("a record that cannot be read counts as unknown", async () => {
  const { keys, cache } = create();
  const field = Buffer.alloc(8);
  field.writeBigUInt64LE(1n);
  await redis.hset(keys.series(7), field, Buffer.from([99, 0]));
  assert.deepEqual(await find(cache, [block(7, [1n])]), [undefined]);
});

test("too many series are forgotten and found again", async () => {
  const { keys, register, cache } = create(2);
  for (const id of [1n, 2n, 3n]) {
    await register(7, id, `m${id}`);
  }
  assert.equal((await find(cache, [block(7, [1n, 2n, 3n])]))[0]?.length, 3);
  await redis.del(keys.series(7));
  assert.deepEqual(await find(cache, [block(7, [1n])]), [undefined]);
});

test("calls at the same time ask Redis once", async () => {
  const { register, cache } = create();
  await register(7, 1n, "a");
  const commands = async () => Number(/cmdstat_hmget:calls=(\d+)/.exec(await redis.info("commandstats"))?.[1] ?? 0);
  const before = await commands();
  await Promise.all([cache.resolve([block(7, [1n])]), cache.resolve([block(7, [1n])])]);
  assert.equal((await commands()) - before, 1);
});
