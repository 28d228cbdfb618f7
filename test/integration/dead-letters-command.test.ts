import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { after, before, beforeEach, describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { selectedLetters } from "../../services/command/dead-letters/letter-box.ts";
import { deadBlockFields, refusedFields } from "../../services/horizon/dead-letters.ts";
import type { RefusedSamples } from "../../services/horizon/sinks/sink.ts";
import { pickFreePort } from "../../services/local/ports.ts";
import { decodeBlock } from "../../services/shared/block.ts";
import { shardKeys } from "../../services/shared/buffer-keys.ts";
import { encodeLabels } from "../../services/shared/label-bytes.ts";
import { createSeriesHasher } from "../../services/shared/series-id.ts";
import { runFlux } from "../command/support/run.ts";
import type { BlockSpec, SampleSpec } from "../horizon/support/buffer-filler.ts";
import { createRig, GENERATION, type Rig, type RigOptions, START_MS } from "../horizon/support/horizon-rig.ts";
import { knownSeries, labelSet } from "../horizon/support/known-series.ts";
import { labelText, type RecordingReceiver, startRecordingReceiver } from "../horizon/support/recording-receiver.ts";
import { timeSeriesSamples } from "../horizon/support/stored-samples.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { SPECIAL_VALUE_BITS } from "../support/special-values.ts";
import { until } from "../support/until.ts";

const MINUTE = START_MS - (START_MS % 60_000);
const hasher = await createSeriesHasher();

let redisServer: RedisServer;
let receiver: RecordingReceiver;
before(async () => {
  redisServer = await startRedis();
});
after(() => redisServer?.stop());
beforeEach(async (t) => {
  receiver = await startRecordingReceiver();
  (t as TestContext).after(() => receiver.stop());
});

/** A Horizon with both stores, and `flux dead-letters` on its buffer. */
async function open(t: TestContext, given: Partial<RigOptions> = {}) {
  const rig = await createRig(t, { redisUrl: redisServer.url, victoriaUrl: receiver.url, ...given });
  const deadLetters = (line: string, env: Readonly<Record<string, string>> = {}) =>
    runFlux(["dead-letters", ...line.split(" ")], {
      env: { REDIS_URL: redisServer.url, REDIS_KEY_PREFIX: rig.prefix, ...env },
    });
  return { rig, deadLetters };
}

/** Ids of the dead letters of a shard, oldest first. */
async function idsOf(rig: Rig, shard = 0): Promise<string[]> {
  const entries = await rig.redis.xrange(shardKeys(rig.prefix, shard).deadLetters, "-", "+");
  return entries.map(([entry]) => `${shard}/${entry}`);
}

/** A series as the registry has it, with the id that Flux would give it. */
function seriesOf(labels: Readonly<Record<string, string>>) {
  return knownSeries(hasher.idOf(encodeLabels(labelSet(labels)), 0), labels);
}

/** A sample of tenant and metric, as a store refuses it. */
function refusedSample(tenant: string, name: string, timestampMs = MINUTE): RefusedSamples {
  const series = seriesOf({ __name__: name, _tenant_id: tenant, _server_id: "s1" });
  return { series, tenant, namespace: "ns", detail: "400 no", samples: [{ timestampMs, bits: 1n }] };
}

/** Writes letters of refused samples, as a Horizon that has the shard does. */
async function bury(rig: Rig, refused: readonly RefusedSamples[]): Promise<void> {
  await rig.work.lease.take();
  await Promise.all(refused.map((one) => rig.work.claims.burySamples(refusedFields("victoriametrics", START_MS, one))));
  await rig.work.lease.release();
}

describe("flux dead-letters", () => {
  test("puts what a store has refused back, once it takes it: bit for bit, and to all stores", async (t) => {
    const { rig, deadLetters } = await open(t, { settings: { RTS_RESOLUTION_SECONDS: 0 } });
    const special: SampleSpec[] = Object.values(SPECIAL_VALUE_BITS).map((bits, i) => [
      { __name__: "odd", a: 'x"y\n☃' },
      MINUTE + i,
      bits,
    ]);
    const block: BlockSpec = {
      tenant: "acme",
      generation: GENERATION,
      samples: [...special, [{ __name__: "fine" }, MINUTE, 1]],
    };
    const odd = labelText(rig.filler.fullLabels(block, special[0]?.[0] ?? {}));
    receiver.answer = ({ series }) =>
      series.some(({ labels }) => labels["__name__"] === "odd")
        ? { status: 400, body: "odd is not welcome" }
        : { status: 204 };
    await rig.filler.write(block);
    assert.equal((await rig.cycle()).finished, 1);
    const oddInTimeSeries = () =>
      timeSeriesSamples(rig.redis, rig.prefix, rig.filler.idOf(block, special[0]?.[0] ?? {}));
    const stored = await oddInTimeSeries();

    const [id = ""] = await idsOf(rig);
    const { stdout: list } = await deadLetters("list");
    assert.match(
      list,
      /^0\/\d+-0 {2}2026-01-01T12:30:30.000Z {2}acme {2}refused_by_store {2}victoriametrics {2}12 {2}odd\{/,
    );
    assert.match(list, /400 odd is not welcome\n1 dead letter\n$/);
    const { stdout: shown } = await deadLetters(`show ${id}`);
    assert.match(shown, / NaN \(stale_marker, 0x7ff0000000000002\)\n[\s\S]*replay would put 12 samples back\n$/);

    assert.equal(
      (await deadLetters("replay --all --dry-run")).stdout,
      "would replay 1 dead letter with 12 samples\n  acme: 1 dead letter with 12 samples\n",
    );
    assert.deepEqual([await idsOf(rig), await rig.redis.exists(rig.keys.blocks)], [[id], 0]);

    receiver.answer = () => ({ status: 204 });
    const { code, stdout } = await deadLetters(`replay ${id}`);
    assert.deepEqual(
      [code, stdout],
      [0, "replayed 1 dead letter with 12 samples\n  acme: 1 dead letter with 12 samples\n"],
    );
    assert.deepEqual(await rig.work.claims.deadLetterCounts(), { letters: 0, bytes: 0, evicted: 0 });
    assert.equal((await rig.cycle()).finished, 1);
    assert.deepEqual(
      receiver.accepted().get(odd)?.sort(),
      special.map(([, timestampMs, bits]) => `${timestampMs}:${bits.toString(16)}`).sort(),
    );
    assert.deepEqual(await oddInTimeSeries(), stored, "the store that had it has no second copy");
    assert.equal((await rig.redis.hgetall(rig.keys.bytes))["claimed"], "0");

    const again = await deadLetters(`replay ${id}`);
    assert.deepEqual(
      [again.code, again.stderr],
      [1, `flux dead-letters: cannot replay ${id}: there is no such dead letter\n`],
    );
  });

  test("puts a series back that the registry has forgotten, under the namespace it came with", async (t) => {
    const { rig, deadLetters } = await open(t, {
      settings: { SKIP_LIST: ["rare"], DO_NOT_SKIP_LIST: ["^ns\\."] },
    });
    await bury(rig, [refusedSample("acme", "rare")]);
    assert.equal((await deadLetters("replay --all")).code, 0);
    assert.equal((await rig.cycle()).parkedBlocks, 0);
    assert.equal(receiver.accepted().size, 1);
  });

  test("sets it aside once more when the store still refuses it", async (t) => {
    const { rig, deadLetters } = await open(t, { timeseriesUrl: false });
    await bury(rig, [refusedSample("acme", "m")]);
    receiver.answer = ({ series }) => (series.length > 0 ? { status: 400, body: "still not" } : { status: 204 });
    assert.equal((await deadLetters("replay --all")).code, 0);
    await rig.cycle();
    assert.match((await deadLetters("list")).stdout, /400 still not\n1 dead letter\n$/);
  });

  test("puts a block of unknown series back once they are known, and not before", async (t) => {
    const { rig, deadLetters } = await open(t, { settings: { HORIZON_PARK_SECONDS: 1 } });
    const block: BlockSpec = {
      tenant: "late",
      generation: GENERATION,
      samples: [
        [{ __name__: "a" }, MINUTE, 1],
        [{ __name__: "b" }, MINUTE, 2],
        [{ __name__: "a" }, MINUTE + 1, 3],
      ],
    };
    await rig.filler.writeUnregistered(block);
    await rig.cycle();
    rig.clock.nowMs += 1000;
    await rig.cycle();
    await rig.filler.register({ ...block, generation: GENERATION + 1, samples: block.samples.slice(0, 1) });
    const early = await deadLetters("replay --all");
    assert.equal(early.code, 1);
    assert.match(early.stderr, /: the registry does not know 1 of its 2 series; it will when they are sent again\n$/);
    const { stdout } = await deadLetters(`show ${(await idsOf(rig))[0]}`);
    assert.match(
      stdout,
      /a\{_tenant_id="late",_server_id="s1"\}\n[\s\S]*\(not in the registry\)[\s\S]*replay cannot put it back/,
    );

    await rig.filler.register({ ...block, generation: GENERATION + 1 });
    assert.equal((await deadLetters("replay --all")).code, 0);
    assert.equal((await rig.cycle()).finished, 1);
    assert.equal([...receiver.accepted().values()].flat().length, 3);
    assert.deepEqual(await idsOf(rig), []);
  });

  test("puts a block back that has become readable, and keeps those that are damaged", async (t) => {
    const { rig, deadLetters } = await open(t);
    const spec: BlockSpec = { generation: GENERATION, samples: [[{ __name__: "a" }, MINUTE, 1]] };
    await rig.filler.write(spec);
    const [block] = await rig.redis.spopBuffer(rig.keys.blocks, 1);
    assert.ok(block);
    const flipped = Buffer.from(block);
    flipped[20] = (flipped[20] ?? 0) ^ 1;
    const newer = Buffer.from(block);
    newer[0] = 99;
    await rig.work.lease.take();
    for (const [bytes, reason] of [
      [block, "unknown_version"],
      [newer, "unknown_version"],
      [flipped, "checksum_mismatch"],
    ] as const) {
      await rig.work.claims.buryBlock("parked", deadBlockFields(bytes, reason, START_MS, undefined));
    }
    await rig.work.lease.release();
    const [first = "", second = "", third = ""] = await idsOf(rig);
    const { code, stdout, stderr } = await deadLetters(`replay ${first} ${second} ${third}`);
    assert.equal(code, 1);
    assert.match(stdout, /^replayed 1 dead letter with 1 sample\n/);
    assert.match(stderr, /cannot replay .*: its block cannot be read, unknown_version: its version is 99.*\n/);
    assert.match(stderr, /cannot replay .*: its block cannot be read, checksum_mismatch: .*\n$/);
    assert.deepEqual(await rig.redis.smembersBuffer(rig.keys.blocks), [block]);
    assert.deepEqual(await idsOf(rig), [second, third]);
    assert.match((await deadLetters(`show ${third}`)).stdout, /damaged: checksum_mismatch at byte/);
  });

  test("filters, counts by tenant, and deletes only what it is told to, and with --yes", async (t) => {
    const { rig, deadLetters } = await open(t);
    await bury(rig, [refusedSample("acme", "a"), refusedSample("acme", "b"), refusedSample("other", "c")]);
    const acme = "purge 2 dead letters with 2 samples\n  acme: 2 dead letters with 2 samples\n";
    const asked = await deadLetters("purge --all --tenant acme");
    assert.deepEqual(
      [asked.code, asked.stdout, asked.stderr],
      [2, `would ${acme}`, "flux dead-letters: nothing is deleted yet: say so with --yes\n"],
    );
    assert.equal((await idsOf(rig)).length, 3);
    const purged = await deadLetters("purge --all --tenant acme --yes");
    assert.deepEqual([purged.code, purged.stdout], [0, acme.replace("purge", "purged")]);
    const [left = ""] = await idsOf(rig);
    assert.match((await deadLetters("list")).stdout, /^\S+ {2}\S+ {2}other .*\n1 dead letter\n$/);
    assert.equal((await deadLetters("list --since 2h")).stdout, "0 dead letters\n");
    assert.equal((await deadLetters(`purge ${left} 0/1-1 --yes`)).code, 1);
    assert.deepEqual(await rig.work.claims.deadLetterCounts(), { letters: 0, bytes: 0, evicted: 0 });
    assert.equal(await rig.redis.exists(rig.keys.blocks), 0);
  });

  test("lists the newest of all shards first, as many as it is told to, also as JSON", async (t) => {
    const { rig, deadLetters } = await open(t, { settings: { HORIZON_SHARDS: 2 } });
    await bury(
      rig,
      Array.from({ length: 120 }, (_, i) => refusedSample("acme", `m${i}`)),
    );
    const entry = refusedFields("timeseries", START_MS + 1, refusedSample("acme", "newest"));
    await rig.redis.xadd(shardKeys(rig.prefix, 7).deadLetters, "*", ...entry);
    const { stdout } = await deadLetters("list --limit 3");
    assert.match(stdout, /^7\/\S+ .*newest[\s\S]*\n3 dead letters, and there are more: see --limit\n$/);
    const listed = JSON.parse((await deadLetters("list --limit 121 --json")).stdout);
    assert.deepEqual([listed.dead_letters.length, listed.more], [121, false]);
    assert.equal(new Set(listed.dead_letters.map(({ id }: { id: string }) => id)).size, 121);
    assert.equal(listed.dead_letters[0].sink, "timeseries");
    const filtered = await deadLetters("list --sink timeseries --json");
    assert.equal(JSON.parse(filtered.stdout).dead_letters.length, 1);
    const shown = JSON.parse((await deadLetters(`show 7/1-1 ${listed.dead_letters[0].id} --json`)).stdout);
    assert.equal(shown.dead_letters[0].values[0].bits, "0000000000000001");
  });

  test("keeps letters where putting them back would help nobody, and says why", async (t) => {
    const { rig, deadLetters } = await open(t);
    await bury(rig, [refusedSample("acme", "m")]);
    const hindrances: [env: Record<string, string>, why: RegExp][] = [
      [{ BUFFER_MAX_BYTES: "1" }, /: the shard holds 0 bytes, and may hold BUFFER_MAX_BYTES\n$/],
      [{ BUFFER_FORMAT: "skyline" }, /: BUFFER_FORMAT is skyline: no Horizon reads blocks\n$/],
    ];
    for (const [env, why] of hindrances) {
      const { code, stderr } = await deadLetters("replay --all", env);
      assert.equal(code, 1);
      assert.match(stderr, why);
    }
    const entry = refusedFields("timeseries", START_MS, refusedSample("acme", "n"));
    await rig.redis.xadd(shardKeys(rig.prefix, 1).deadLetters, "*", ...entry);
    const { code, stderr } = await deadLetters("replay --all");
    assert.equal(code, 1);
    assert.match(stderr, /: no Horizon works shard 1: HORIZON_SHARDS is 1\n$/);
    assert.deepEqual([(await idsOf(rig)).length, (await idsOf(rig, 1)).length], [0, 1]);
  });

  test("refuses a series whose id has become another's", async (t) => {
    const { rig, deadLetters } = await open(t);
    const { id } = refusedSample("acme", "m").series;
    const stranger = knownSeries(id, { __name__: "stranger" });
    await bury(rig, [{ ...refusedSample("acme", "m"), series: stranger }, refusedSample("acme", "m")]);
    const { code, stdout, stderr } = await deadLetters("replay --all");
    assert.equal(code, 1);
    assert.match(stdout, /^replayed 1 dead letter/);
    assert.match(stderr, /: the id of its series is that of another series now\n$/);
    assert.equal((await idsOf(rig)).length, 1);
  });

  test("that is killed in the middle loses nothing and puts nothing back twice; run again, it does the rest", async (t) => {
    const { rig, deadLetters } = await open(t);
    const count = 1500;
    await bury(
      rig,
      Array.from({ length: count }, (_, i) => refusedSample("acme", "m", MINUTE + i)),
    );
    const main = fileURLToPath(new URL("../../services/command/flux.ts", import.meta.url));
    const child = spawn(
      process.execPath,
      ["--import", import.meta.resolve("tsx"), main, "dead-letters", "replay", "--all"],
      { env: { REDIS_URL: redisServer.url, REDIS_KEY_PREFIX: rig.prefix }, stdio: "ignore" },
    );
    const ended = once(child, "exit");
    await until(async () => (await rig.redis.xlen(rig.keys.deadLetters)) < count);
    child.kill("SIGKILL");
    await ended;

    const left = (await rig.deadLetters()).flatMap((letter) => (letter.kind === "samples" ? letter.samples : []));
    const back = await timesInBuffer(rig);
    assert.ok(left.length > 0 && back.length > 0, `${left.length} left, ${back.length} back`);
    const all = [...left.map(({ timestampMs }) => timestampMs), ...back].sort((a, b) => a - b);
    assert.deepEqual(
      all,
      Array.from({ length: count }, (_, i) => MINUTE + i),
    );

    assert.equal((await deadLetters("replay --all")).code, 0);
    assert.equal((await timesInBuffer(rig)).length, count);
    assert.deepEqual(await idsOf(rig), []);
  });

  test("puts each letter back once when two run at the same time", async (t) => {
    const { rig, deadLetters } = await open(t);
    await bury(
      rig,
      Array.from({ length: 50 }, (_, i) => refusedSample("acme", "m", MINUTE + i)),
    );
    const runs = await Promise.all([deadLetters("replay --all"), deadLetters("replay --all")]);
    const replayed = runs.map(({ stdout }) => Number(/^replayed (\d+)/.exec(stdout)?.[1]));
    assert.equal((replayed[0] ?? 0) + (replayed[1] ?? 0), 50);
    assert.equal((await timesInBuffer(rig)).length, 50);
  });

  test("means by --all those that are there when it begins", async (t) => {
    const { rig } = await open(t);
    await bury(
      rig,
      Array.from({ length: 100 }, (_, i) => refusedSample("acme", "m", MINUTE + i)),
    );
    const filter = { tenant: undefined, sink: undefined, reason: undefined, sinceMs: undefined };
    const box = { redis: rig.redis, keyPrefix: rig.prefix };
    let seen = 0;
    for await (const _ of selectedLetters(box, { kind: "all", filter }, START_MS)) {
      if (seen++ === 0) {
        await bury(rig, [refusedSample("acme", "later")]);
      }
    }
    assert.equal(seen, 100);
  });

  test("says why it can do nothing", async (t) => {
    const { deadLetters } = await open(t);
    const failures: [env: Record<string, string>, says: RegExp][] = [
      [{ REDIS_URL: "" }, /which Redis\? give --redis URL, or set REDIS_URL/],
      [{ HORIZON_SHARDS: "none" }, /cannot use HORIZON_SHARDS/],
      [{ REDIS_URL: `redis://127.0.0.1:${await pickFreePort("127.0.0.1")}` }, /cannot reach Redis at .*ECONNREFUSED/],
    ];
    for (const [env, says] of failures) {
      const { code, stderr } = await deadLetters("list", env);
      assert.equal(code, 2);
      assert.match(stderr, says);
    }
    assert.match((await deadLetters("list --redis nonsense")).stderr, /--redis must be a URL/);
    assert.equal((await deadLetters(`list --redis ${redisServer.url}`, { REDIS_URL: "" })).code, 0);
  });
});

/** The times of all samples that nobody has claimed. */
async function timesInBuffer(rig: Rig): Promise<number[]> {
  const blocks = await rig.redis.smembersBuffer(rig.keys.blocks);
  return blocks.flatMap((bytes) => {
    const decoded = decodeBlock(bytes);
    assert.ok(decoded.ok);
    return [...decoded.block.samples.timestampsMs];
  });
}
