import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  deadBlockFields,
  type LetterFields,
  parseDeadLetter,
  refusedFields,
} from "../../services/horizon/dead-letters.ts";
import { createRig, type Rig, type RigOptions } from "../horizon/support/horizon-rig.ts";
import { knownSeries } from "../horizon/support/known-series.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";

let redisServer: RedisServer;
before(async () => {
  redisServer = await startRedis();
});
after(() => redisServer.stop());

type Context = Parameters<typeof createRig>[0];

/** A Horizon that has the shard, and no store. */
async function createHolder(t: Context, settings: RigOptions["settings"] = {}): Promise<Rig> {
  const longLease = { HORIZON_LEASE_SECONDS: 600, ...settings };
  const rig = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: false, settings: longLease });
  await rig.work.lease.take();
  return rig;
}

/** The letter of one sample of series number i. */
function letterOf(i: number, bytes = 0): LetterFields {
  return refusedFields("victoriametrics", i, {
    series: knownSeries(BigInt(i), { __name__: "m", _tenant_id: "t1", i: String(i) }),
    ...{ tenant: "t1", namespace: "ns", detail: "x".repeat(bytes), samples: [{ timestampMs: i, bits: 1n }] },
  });
}

const sizeOf = (fields: LetterFields) => parseDeadLetter(fields.map((field) => Buffer.from(field))).bytes;

/** Which letters there are, by their times; and that the counts are those of these letters. */
async function letterTimes(rig: Rig): Promise<number[]> {
  const letters = await rig.deadLetters();
  const counts = await rig.work.claims.deadLetterCounts();
  assert.equal(counts.letters, letters.length);
  assert.equal(
    counts.bytes,
    letters.reduce((sum, { bytes }) => sum + bytes, 0),
  );
  assert.equal(await rig.redis.hlen(rig.keys.deadLetterMarks), letters.length);
  return letters.map(({ atMs }) => atMs);
}

describe("dead letters", () => {
  test("are at most HORIZON_DEAD_LETTERS, to the letter; the oldest are pushed out and counted", async (t) => {
    const rig = await createHolder(t, { HORIZON_DEAD_LETTERS: 3 });
    for (let i = 1; i <= 5; i++) {
      await rig.work.claims.burySamples(letterOf(i));
    }
    assert.deepEqual(await letterTimes(rig), [3, 4, 5]);
    assert.equal((await rig.work.claims.deadLetterCounts()).evicted, 2);
  });

  test("have at most HORIZON_DEAD_LETTERS_BYTES; as many go as one that comes needs room", async (t) => {
    const small = sizeOf(letterOf(1));
    const rig = await createHolder(t, { HORIZON_DEAD_LETTERS_BYTES: 4 * small });
    for (let i = 1; i <= 4; i++) {
      await rig.work.claims.burySamples(letterOf(i));
    }
    assert.deepEqual(await letterTimes(rig), [1, 2, 3, 4]);
    await rig.work.claims.burySamples(letterOf(5, small + 1));
    assert.deepEqual(await letterTimes(rig), [4, 5]);
    assert.equal((await rig.work.claims.deadLetterCounts()).evicted, 3);
  });

  test("push nothing out where one alone is too large: it is not kept, and counted", async (t) => {
    const small = sizeOf(letterOf(1));
    const rig = await createHolder(t, { HORIZON_DEAD_LETTERS_BYTES: 2 * small });
    await rig.work.claims.burySamples(letterOf(1));
    const block = Buffer.alloc(2 * small, 1);
    await rig.filler.writeBytes(block);
    await rig.work.claims.claim(1);
    const [claim] = await rig.work.claims.list();
    assert.ok(claim);
    await rig.work.claims.buryBlock(claim, deadBlockFields(block, "malformed", 2, undefined));
    assert.deepEqual(await letterTimes(rig), [1]);
    assert.equal((await rig.work.claims.deadLetterCounts()).evicted, 1);
    assert.equal(await rig.redis.exists(rig.keys.claim(claim.id)), 0, "the block has left its claim");
  });

  test("that say the same are one, also after others, and two again once the first is gone", async (t) => {
    const rig = await createHolder(t, { HORIZON_DEAD_LETTERS: 2 });
    for (const i of [1, 2, 1, 2]) {
      await rig.work.claims.burySamples(letterOf(i));
    }
    assert.deepEqual(await letterTimes(rig), [1, 2]);
    for (const i of [3, 1]) {
      await rig.work.claims.burySamples(letterOf(i));
    }
    assert.deepEqual(await letterTimes(rig), [3, 1]);
  });

  test("that somebody deletes by hand leave no mark that would hold a later one back", async (t) => {
    const rig = await createHolder(t);
    for (const i of [1, 2]) {
      await rig.work.claims.burySamples(letterOf(i));
    }
    const [[entry = ""] = []] = await rig.redis.xrange(rig.keys.deadLetters, "-", "+");
    await rig.redis.xdel(rig.keys.deadLetters, entry);
    await rig.work.claims.burySamples(letterOf(1));
    const times = (await rig.deadLetters()).map(({ atMs }) => atMs);
    assert.deepEqual(times, [2, 1]);
    await rig.redis.del(rig.keys.deadLetters);
    await rig.work.claims.burySamples(letterOf(1));
    assert.deepEqual(await letterTimes(rig), [1], "counts and marks are right again");
  });

  test("of an older form are pushed out like all others", async (t) => {
    const rig = await createHolder(t, { HORIZON_DEAD_LETTERS: 2 });
    await rig.redis.xadd(rig.keys.deadLetters, "*", "reason", "refused_by_store", "at_ms", "1");
    for (const i of [2, 3]) {
      await rig.work.claims.burySamples(letterOf(i));
    }
    assert.deepEqual(await letterTimes(rig), [2, 3]);
  });

  test("take no more of Redis' memory than they count", async (t) => {
    const rig = await createHolder(t, { HORIZON_DEAD_LETTERS_BYTES: 300_000 });
    const memory = async (keys: string[]) => {
      const sizes = await Promise.all(keys.map((key) => rig.redis.call("MEMORY", "USAGE", key, "SAMPLES", "0")));
      return sizes.reduce((sum: number, size) => sum + Number(size ?? 0), 0);
    };
    for (const detailBytes of [0, 300, 3000, 30_000]) {
      await rig.redis.del(rig.keys.deadLetters, rig.keys.deadLetterMarks, rig.keys.deadLetterCounts);
      const letters = Math.ceil(300_000 / sizeOf(letterOf(0, detailBytes))) + 1;
      for (let i = 0; i < letters; i++) {
        await rig.work.claims.burySamples(letterOf(i, detailBytes));
      }
      const used = await memory([rig.keys.deadLetters, rig.keys.deadLetterMarks]);
      const { bytes } = await rig.work.claims.deadLetterCounts();
      assert.ok(bytes > 250_000 && bytes <= 300_000);
      assert.ok(used <= bytes, `${used} bytes of memory for ${bytes} that are counted`);
    }
  });

  test("are shown in the metrics of who has their shard", async (t) => {
    const rig = await createRig(t, { redisUrl: redisServer.url, settings: { HORIZON_DEAD_LETTERS: 2 } });
    const blocks = ["a", "b", "c"].map((text) => Buffer.from(text));
    for (const block of blocks) {
      await rig.filler.writeBytes(block);
    }
    await rig.cycle();
    assert.deepEqual(
      await Promise.all(
        ["horizon_dead_letters", "horizon_dead_letters_bytes", "horizon_dead_letters_evicted_total"].map((name) =>
          rig.metric(name),
        ),
      ),
      [2, (await rig.work.claims.deadLetterCounts()).bytes, 1],
    );
  });
});
