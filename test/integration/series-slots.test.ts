import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { NONE } from "../../services/horizon/id-index.ts";
import { BucketRecords } from "../../services/horizon/sinks/timeseries/bucket-records.ts";
import { SeriesSlots } from "../../services/horizon/sinks/timeseries/series-slots.ts";
import { WriteFence } from "../../services/horizon/sinks/timeseries/write-fence.ts";
import { shardKeys } from "../../services/shared/buffer-keys.ts";
import { loadScripts, type RunScript } from "../../services/shared/redis-scripts/run-script.ts";
import { openTimeSeriesStore } from "../horizon/support/time-series-store.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";

let server: RedisServer;
before(async () => {
  server = await startRedis({ args: ["--appendonly", "no"] });
});
after(() => server.stop());

const NOW = Date.UTC(2026, 0, 1, 12);
const TTL_MS = 60_000;

async function openList(t: TestContext) {
  const { redis, prefix, hold } = await openTimeSeriesStore(t, server.url, NOW);
  const runScript = loadScripts(redis);
  return {
    redis,
    prefix,
    hold,
    runScript,
    key: `${prefix}slots`,
    open: (run = runScript) => new SeriesSlots(redis, run, `${prefix}slots`),
  };
}

/** Scripts that run once `calls` of them are asked for: what was read before each of them, was read before all of them. */
function runTogether(runScript: RunScript, calls: number): RunScript {
  let missing = calls;
  let start: () => void;
  const started = new Promise<void>((resolve) => {
    start = resolve;
  });
  return async (name, keys, args) => {
    missing--;
    if (missing === 0) {
      start();
    }
    await started;
    return runScript(name, keys, args);
  };
}

const slotsOf = (list: SeriesSlots, ids: readonly bigint[]) => [...list.slotsOf(BigUint64Array.from(ids))];

test("every process gives a series the same slot, whoever came first", async (t) => {
  const { open, redis, key } = await openList(t);
  const [one, two] = [open(), open()];
  await one.assign(BigUint64Array.of(1n, 2n, 2n), TTL_MS);
  await two.assign(BigUint64Array.of(3n, 2n), TTL_MS);
  await one.assign(BigUint64Array.of(4n, 3n), TTL_MS);
  assert.deepEqual(slotsOf(one, [1n, 2n, 3n, 4n]), [0, 1, 2, 3]);
  await two.assign(BigUint64Array.of(), TTL_MS);
  assert.deepEqual(slotsOf(two, [1n, 2n, 3n, 4n]), [0, 1, 2, 3]);
  assert.ok((await redis.pttl(key)) > 0);
});

test("of processes that add the same series at the same moment the first in the list counts, for both", async (t) => {
  const { open, runScript } = await openList(t);
  await open().assign(BigUint64Array.of(100n), TTL_MS);
  const together = runTogether(runScript, 3);
  const lists = [open(together), open(together), open(together)];
  const ids = Array.from({ length: 50 }, (_, i) => BigInt(i));
  await Promise.all(
    lists.map((list, i) => list.assign(BigUint64Array.from(i === 1 ? [...ids].reverse() : ids), TTL_MS)),
  );
  const fresh = open();
  await fresh.assign(BigUint64Array.of(), TTL_MS);
  assert.equal(fresh.count, 1 + 3 * ids.length, "each has added them all");
  const want = slotsOf(fresh, ids);
  assert.equal(new Set(want).size, ids.length);
  for (const list of lists) {
    assert.deepEqual(slotsOf(list, ids), want, "from the beginning");
    await list.assign(BigUint64Array.of(), TTL_MS);
    assert.deepEqual(slotsOf(list, ids), want, "and for good");
  }
});

test("a list that was lost is begun again, and none of its slots is believed any more", async (t) => {
  const { open, redis, key } = await openList(t);
  const [one, two] = [open(), open()];
  await one.assign(BigUint64Array.of(1n, 2n), TTL_MS);
  await two.assign(BigUint64Array.of(), TTL_MS);
  await redis.del(key);
  await two.assign(BigUint64Array.of(2n), TTL_MS);
  assert.deepEqual(slotsOf(two, [1n, 2n]), [NONE, 0]);
  await one.assign(BigUint64Array.of(1n), TTL_MS);
  assert.deepEqual(slotsOf(one, [1n, 2n]), [1, 0]);
});

test("a record says nothing once its list of slots is another, and lives as long as the series it is of", async (t) => {
  const { redis, prefix, runScript, hold } = await openList(t);
  const keys = shardKeys(prefix, 0);
  const options = { redis, runScript, resolutionMs: 60_000, shards: 1, seriesTtlMs: 1000_000, now: () => NOW };
  const records = new BucketRecords(options);
  const fence = new WriteFence(redis, runScript, hold({ claimedAtMs: NOW }));
  await fence.take();

  const bucket = await records.open(keys, NOW, BigUint64Array.of(7n));
  const slotOf7 = bucket.slots[0] ?? assert.fail();
  bucket.newest.note(slotOf7, 100, 1);
  await records.save(fence, keys, bucket);
  const again = await new BucketRecords(options).open(keys, NOW, BigUint64Array.of());
  assert.equal(again.newest.isOutdone(slotOf7, 99, 1), true);
  const ttlMs = await redis.pttl(keys.timeSeriesNewest(60_000, NOW));
  assert.ok(ttlMs > 990_000 && ttlMs <= 1000_000, `${ttlMs}`);

  const [list] = await redis.keys(`${prefix}horizon.timeseries_slots*`);
  assert.ok((await redis.pttl(list ?? "")) >= ttlMs);
  await redis.del(list ?? "");
  const other = await records.open(keys, NOW, BigUint64Array.of(7n));
  assert.equal(other.newest.isOutdone(other.slots[0] ?? assert.fail(), 99, 1), false);
});

test("the lists of every shard are remembered, of the hours at hand and those before", async (t) => {
  const { redis, prefix, runScript } = await openList(t);
  const shards = 3;
  const times = { seriesTtlMs: 1000_000, now: () => NOW };
  const records = new BucketRecords({ ...{ redis, runScript, shards }, ...times, resolutionMs: 60_000 });
  const openAll = async () => {
    const upkeep: unknown[] = [];
    for (let shard = 0; shard < shards; shard++) {
      for (const startMs of [NOW - 6 * 3_600_000, NOW]) {
        upkeep.push((await records.open(shardKeys(prefix, shard), startMs, BigUint64Array.of(1n))).upkeep);
      }
    }
    return upkeep;
  };
  const first = await openAll();
  for (const [i, upkeep] of (await openAll()).entries()) {
    assert.equal(upkeep, first[i], `list ${i}`);
  }
});
