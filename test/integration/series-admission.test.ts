import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { Redis } from "ioredis";
import { BufferWriter, type BufferWriterOptions, type Commit } from "../../services/flux/buffer-writer.ts";
import { storedName } from "../../services/flux/intake/stored-name.ts";
import { listQuotaSeries, type QuotaSelection, removeQuotaSeries } from "../../services/flux/quota-series.ts";
import { type Admission, SeriesAdmission } from "../../services/flux/series-admission.ts";
import { SkylineWriter } from "../../services/flux/skyline-writer.ts";
import { decodeBlock } from "../../services/shared/block.ts";
import { plainBlockEncoder } from "../../services/shared/block-encoder.ts";
import { activeSeriesKeys, quotaKey, shardKeys } from "../../services/shared/buffer-keys.ts";
import { GENERATION_MS } from "../../services/shared/generation.ts";
import { encodeLabels } from "../../services/shared/label-bytes.ts";
import { loadScripts, type RunScript } from "../../services/shared/redis-scripts/run-script.ts";
import { compareUtf8 } from "../../services/shared/series.ts";
import { createSeriesHasher, type SeriesHasher, shardOf } from "../../services/shared/series-id.ts";
import { addSeries, known, samplesOf } from "../flux/support/known-series.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";

const SHARDS = 4;
const xxh64 = await createSeriesHasher();
/** The middle of an hour that is over, so that a test may let hours pass without being ahead of Redis. */
const startMs = (Math.floor(Date.now() / GENERATION_MS) - 100.5) * GENERATION_MS;

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

interface Limits {
  readonly limit?: number;
  readonly quota?: number;
}

/** One Flux process: its memory of series, its clock, and which scripts it has run. */
class FluxProcess {
  nowMs = startMs;
  readonly scripts: string[] = [];
  readonly #writer: Pick<BufferWriter, "commit">;
  readonly #hasher: SeriesHasher;
  readonly #shards: number;
  readonly #series = new Map<string, number>();

  constructor(options: Partial<BufferWriterOptions> = {}, writer?: Pick<BufferWriter, "commit">) {
    const run = loadScripts(redis);
    const runScript: RunScript = (name, keys, args) => {
      this.scripts.push(name);
      return run(name, keys, args);
    };
    this.#hasher = options.hasher ?? xxh64;
    this.#shards = options.shards ?? SHARDS;
    this.#writer =
      writer ??
      new BufferWriter({
        runScript,
        hasher: this.#hasher,
        blocks: plainBlockEncoder,
        keyPrefix: "",
        shards: this.#shards,
        maxBytes: 1e9,
        registryRetentionMs: GENERATION_MS,
        now: () => this.nowMs,
        typesOf: () => () => "unknown",
        onEvent: () => {},
        ...options,
      });
  }

  /** Commits a sample of each series. */
  commit(names: readonly string[], { limit = 0, quota }: Limits = {}, tenant = "acme"): Promise<Commit> {
    const series = names.map((name) => this.#seriesOf(name, tenant));
    const kept = samplesOf(series, this.nowMs);
    const limits = limit === 0 && quota === undefined ? undefined : { maxActiveSeries: limit, quota };
    return this.#writer.commit(kept, { tenant, server: "s1", namespace: "ns" }, limits);
  }

  #seriesOf(name: string, tenant: string): number {
    const before = this.#series.get(`${tenant}/${name}`);
    if (before !== undefined) {
      return before;
    }
    const labels = Object.entries({ __name__: name, _tenant_id: tenant }).map(([n, value]) => ({ name: n, value }));
    const id = this.#hasher.idOf(encodeLabels(labels), 0);
    const series = addSeries(labels, id, shardOf(id, this.#shards));
    this.#series.set(`${tenant}/${name}`, series);
    return series;
  }
}

function admissionOf(commit: Commit): Admission {
  assert.ok(commit.ok && commit.admission, "stored, after limits were asked");
  return commit.admission;
}

/** The names of series that were turned away, without their labels. */
function namesOf(series: Iterable<number>): string[] {
  return [...series].map((one) => storedName(known.recordOf(one)).replace(/\{.*/, "")).sort(compareUtf8);
}

const overLimit = async (commit: Promise<Commit>) => namesOf(admissionOf(await commit).overLimit);
const overQuota = async (commit: Promise<Commit>) => namesOf(admissionOf(await commit).overQuota);

/** How many different series the blocks of all shards name. */
async function storedSeries(): Promise<number> {
  const ids = new Set<bigint>();
  for (let shard = 0; shard < SHARDS; shard++) {
    for (const bytes of await redis.smembersBuffer(shardKeys("", shard).blocks)) {
      const decoded = decodeBlock(bytes);
      assert.ok(decoded.ok);
      for (const id of decoded.block.samples.ids) {
        ids.add(id);
      }
    }
  }
  return ids.size;
}

function names(prefix: string, from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `${prefix}${from + i}`);
}

describe("the limit of active series", () => {
  test("is exact when processes race for the last places, over all shards", async () => {
    const limits = { limit: 100 };
    const processes = [new FluxProcess(), new FluxProcess()];
    const commits = processes.flatMap((flux, p) =>
      // Each sends 150 series, 100 of which the other sends as well.
      Array.from({ length: 15 }, (_, i) => flux.commit(names("m", 10 * (i + 5 * p), 10 * (i + 5 * p) + 10), limits)),
    );
    const admissions = (await Promise.all(commits)).map(admissionOf);
    assert.equal(await storedSeries(), 100);
    assert.equal(Math.max(...admissions.map(({ activeSeries }) => activeSeries ?? 0)), 100);
    for (const flux of processes) {
      const { overLimit: over } = admissionOf(await flux.commit(names("m", 0, 200), limits));
      assert.equal(over.size, 100, "both agree on who has a place");
    }
    assert.equal(await storedSeries(), 100);
  });

  test("lets known series go on, whoever sends them, and tells how many are active", async () => {
    const limits = { limit: 2 };
    assert.deepEqual(await overLimit(new FluxProcess().commit(["a", "b"], limits)), []);
    const other = new FluxProcess();
    const admission = admissionOf(await other.commit(["a", "c", "b", "d"], limits));
    assert.deepEqual(namesOf(admission.overLimit), ["c", "d"]);
    assert.equal(admission.activeSeries, 2);
    assert.equal(admission.maxActiveSeries, 2);
    assert.equal(await storedSeries(), 2);
  });

  test("is of each tenant by itself", async () => {
    const flux = new FluxProcess();
    assert.deepEqual(await overLimit(flux.commit(["a"], { limit: 1 }, "one")), []);
    assert.deepEqual(await overLimit(flux.commit(["a"], { limit: 1 }, "two")), []);
    assert.deepEqual(await overLimit(flux.commit(["b"], { limit: 1 }, "one")), ["b"]);
  });

  test("keeps the place of a series for the hour and the one after it", async () => {
    const flux = new FluxProcess();
    const limits = { limit: 3 };
    assert.deepEqual(await overLimit(flux.commit(["a", "b", "c"], limits)), []);
    flux.nowMs += GENERATION_MS;
    assert.deepEqual(await overLimit(flux.commit(["new", "a"], limits)), ["new"]);
    assert.deepEqual(await overLimit(new FluxProcess().commit(["late"], limits)), ["late"], "for a slower clock too");
    flux.nowMs += GENERATION_MS;
    const admission = admissionOf(await flux.commit(["new", "b", "other", "a"], limits));
    assert.deepEqual(namesOf(admission.overLimit), ["other"], "a was seen in the last hour, b and c were not");
    assert.equal(admission.activeSeries, 3);
    flux.nowMs += 2 * GENERATION_MS;
    assert.deepEqual(await overLimit(flux.commit(["x", "y", "z"], limits)), [], "nobody was seen for an hour");
  });

  test("counts right when the clocks of processes differ around the turn of the hour", async () => {
    const [slow, fast] = [new FluxProcess(), new FluxProcess()];
    const limits = { limit: 3 };
    fast.nowMs += GENERATION_MS;
    await slow.commit(["a"], limits);
    await fast.commit(["b"], limits);
    const admission = admissionOf(await slow.commit(["b", "c"], limits));
    assert.equal(admission.activeSeries, 3);
    assert.deepEqual(await overLimit(fast.commit(["d", "a", "b", "c"], limits)), ["d"]);
  });

  test("is not upset by a process whose clock is days ahead", async () => {
    const [flux, ahead] = [new FluxProcess(), new FluxProcess()];
    flux.nowMs = Date.now();
    ahead.nowMs = Date.now() + 100 * GENERATION_MS;
    await flux.commit(["a", "b"], { limit: 2 });
    assert.deepEqual(await overLimit(ahead.commit(["c"], { limit: 2 })), ["c"]);
    assert.deepEqual(await overLimit(ahead.commit(["d"], { limit: 2 })), ["d"]);
    assert.deepEqual(await overLimit(new FluxProcess().commit(["a", "b"], { limit: 2 })), []);
  });

  test("that is raised lets in who waits; lowered, it lets nobody new in", async () => {
    const flux = new FluxProcess();
    assert.deepEqual(await overLimit(flux.commit(["a", "b", "c"], { limit: 2 })), ["c"]);
    assert.deepEqual(await overLimit(flux.commit(["a", "b", "c"], { limit: 3 })), []);
    flux.nowMs += GENERATION_MS;
    assert.deepEqual(await overLimit(flux.commit(["a", "b", "c", "d"], { limit: 1 })), ["d"]);
  });

  test("starts anew when Redis has lost its data, with the request that finds it out", async () => {
    const [flux, other] = [new FluxProcess(), new FluxProcess()];
    const limits = { limit: 3 };
    await flux.commit(["a", "b", "c"], limits);
    await redis.flushall();
    await other.commit(["x", "y"], limits);
    const admission = admissionOf(await flux.commit(["a", "b", "c"], limits));
    assert.deepEqual(namesOf(admission.overLimit), ["b", "c"]);
    assert.equal(await storedSeries(), 3);
  });

  test("gives series whose ids are equal one place, which they keep", async () => {
    const hasher = { idOf: (bytes: Uint8Array, attempt: number) => xxh64.idOf(bytes, attempt) & 0x7fn };
    const all = names("m", 0, 60);
    const first = new FluxProcess({ hasher, shards: 1 });
    const { activeSeries = 0 } = admissionOf(await first.commit(all, { limit: 60 }));
    assert.ok(activeSeries < 60, "the hash is short enough");
    const later = new FluxProcess({ hasher, shards: 1 });
    for (const flux of [first, later]) {
      flux.nowMs += GENERATION_MS;
      assert.deepEqual(await overLimit(flux.commit(all, { limit: 1 })), []);
    }
  });

  test("takes requests of any number of series", async () => {
    const flux = new FluxProcess();
    const limits = { limit: 2500, quota: 3000 };
    await flux.commit(["m0"], limits);
    const admission = admissionOf(await flux.commit(names("m", 0, 3500), limits));
    assert.equal(admission.overLimit.size, 500);
    assert.equal(admission.overQuota.size, 500);
  });

  test("costs nothing once a series has its place, nor where there is no limit", async () => {
    const flux = new FluxProcess();
    await flux.commit(["a", "b"]);
    assert.deepEqual(new Set(flux.scripts), new Set(["commit-block"]));
    await flux.commit(["a", "b"], { limit: 5, quota: 5 });
    const asked = () => flux.scripts.filter((name) => name.startsWith("admit")).length;
    assert.equal(asked(), 2);
    await flux.commit(["b", "a"], { limit: 5, quota: 5 });
    assert.equal(asked(), 2);
    flux.nowMs += GENERATION_MS;
    await flux.commit(["a"], { limit: 5, quota: 5 });
    assert.equal(asked(), 4);
  });

  test("leaves nothing behind when a tenant goes away", async () => {
    await new FluxProcess().commit(["a"], { limit: 1 });
    const { thisHour, count } = activeSeriesKeys("", "acme");
    for (const key of [thisHour, count]) {
      const expiresInMs = await redis.pttl(key);
      assert.ok(expiresInMs > GENERATION_MS && expiresInMs < 3 * GENERATION_MS, `${key}: ${expiresInMs}`);
    }
  });
});

describe("the quota of a namespace", () => {
  test("is exact when processes race for the last places, and of all tenants together", async () => {
    const processes = [new FluxProcess(), new FluxProcess()];
    const commits = processes.flatMap((flux, p) =>
      Array.from({ length: 15 }, (_, i) => flux.commit(names("m", 10 * i, 10 * i + 10), { quota: 100 }, `t${p}`)),
    );
    await Promise.all(commits);
    assert.equal(await storedSeries(), 100);
    assert.equal((await listQuotaSeries(redis, "", "ns")).length, 100);
  });

  test("holds for ever, and known series take no second place", async () => {
    const flux = new FluxProcess();
    assert.deepEqual(await overQuota(flux.commit(names("m", 0, 100), { quota: 150 })), []);
    assert.deepEqual(await overQuota(flux.commit(names("m", 0, 150), { quota: 150 })), []);
    flux.nowMs += 50 * GENERATION_MS;
    assert.deepEqual(await overQuota(flux.commit(["new", "m7"], { quota: 150 })), ["new"]);
    const moreShards = new FluxProcess({ shards: SHARDS + 1 });
    assert.deepEqual(await overQuota(moreShards.commit(["new", "m8"], { quota: 150 })), ["new"]);
    assert.equal(await redis.pttl(quotaKey("", "ns")), -1);
  });

  test("that is raised lets in who waits; lowered, it lets nobody new in and keeps the others", async () => {
    const flux = new FluxProcess();
    await flux.commit(["a", "b"], { quota: 2 });
    assert.deepEqual(await overQuota(flux.commit(["c", "d"], { quota: 2 })), ["c", "d"]);
    assert.deepEqual(await overQuota(flux.commit(["c", "d"], { quota: 3 })), ["d"]);
    assert.deepEqual(await overQuota(new FluxProcess().commit(["a", "b", "c", "d"], { quota: 1 })), ["d"]);
  });

  test("refuses a first request that names more series than it has places, and stores nothing of it", async () => {
    const flux = new FluxProcess();
    assert.deepEqual(await flux.commit(["a", "b", "c", "a"], { quota: 2 }), {
      ok: false,
      breach: { ok: false, quota: 2, submitted: 3 },
    });
    assert.equal(await storedSeries(), 0);
    assert.deepEqual(await listQuotaSeries(redis, "", "ns"), []);
    assert.deepEqual(await overQuota(flux.commit(["a", "b", "a"], { quota: 2 })), []);
    assert.deepEqual(await overQuota(flux.commit(["a", "b", "c"], { quota: 2 })), ["c"], "later ones are dropped");
  });

  test("comes before the limit: what finds no place there takes none here", async () => {
    const flux = new FluxProcess();
    await flux.commit(["a"], { quota: 2, limit: 2 });
    const admission = admissionOf(await flux.commit(["b", "c", "d"], { quota: 2, limit: 1 }));
    assert.deepEqual(namesOf(admission.overQuota), ["c", "d"]);
    assert.deepEqual(namesOf(admission.overLimit), ["b"]);
    const later = admissionOf(await flux.commit(["b", "c", "d"], { quota: 2, limit: 3 }));
    assert.deepEqual(namesOf(later.overQuota), ["c", "d"]);
    assert.equal(later.activeSeries, 2);
  });
});

test("members of Skyline's set are held to the same limits", async () => {
  const runScript = loadScripts(redis);
  const admission = new SeriesAdmission({ runScript, hasher: xxh64, keyPrefix: "", now: () => startMs });
  const writer = new SkylineWriter({ runScript, membersKey: "members", maxBytes: 1e9, admission });
  const flux = new FluxProcess({}, writer);
  assert.deepEqual((await flux.commit(["a", "b", "c"], { quota: 2 })).ok, false);
  assert.deepEqual(await overQuota(flux.commit(["a", "b"], { quota: 2 })), []);
  assert.deepEqual(await overQuota(flux.commit(["c", "b"], { quota: 2 })), ["c"]);
  assert.deepEqual(await overLimit(flux.commit(["d"], { limit: 1 })), []);
  assert.deepEqual(await overLimit(flux.commit(["e", "d"], { limit: 1 })), ["e"]);
  const members = await redis.smembers("members");
  assert.deepEqual(members.map((member) => /(\w+)\{/.exec(member)?.[1]).sort(), ["a", "b", "d"]);
});

describe("removing series from a quota", () => {
  const options = { keyPrefix: "", shards: SHARDS, hasher: xxh64, dryRun: false };
  const patternLimits = { maxPatterns: 10, maxPatternBytes: 100 };
  const remove = async (selection: Partial<QuotaSelection>, dryRun = false) => {
    const chosen = { namespace: "ns", names: [], patterns: [], ...selection };
    const removal = await removeQuotaSeries(redis, chosen, { ...options, patternLimits, dryRun });
    assert.ok(removal.ok);
    return removal.removed;
  };

  test("takes the places of those named and matched", async () => {
    await new FluxProcess().commit(["go_a", "go_b", "up", "down"], { quota: 4 });
    const full = (name: string) => `${name}{_tenant_id="acme"}`;
    const selection = { names: [full("up"), "nobody"], patterns: ["^go_.*"] };
    assert.deepEqual(await remove(selection, true), [full("go_a"), full("go_b"), full("up")]);
    assert.equal((await listQuotaSeries(redis, "", "ns")).length, 4, "a dry run removes nothing");
    assert.deepEqual(await remove(selection), [full("go_a"), full("go_b"), full("up")]);
    assert.deepEqual(await listQuotaSeries(redis, "", "ns"), [full("down")]);
    assert.deepEqual(await remove({}), []);
    assert.deepEqual(await remove({ namespace: "other", patterns: [".*"] }), []);
  });

  test("is known to every process at once: none stores a removed series without a new place", async () => {
    const processes = [new FluxProcess(), new FluxProcess()];
    const old = names("old", 0, 20);
    for (const flux of processes) {
      await flux.commit(old, { quota: 20 });
    }
    await redis.del(...Array.from({ length: SHARDS }, (_, shard) => shardKeys("", shard).blocks));
    await remove({ patterns: ["old"] });
    assert.deepEqual(await overQuota(new FluxProcess().commit(names("new", 0, 20), { quota: 20 })), []);
    for (const flux of processes) {
      assert.equal((await overQuota(flux.commit(old, { quota: 20 }))).length, 20);
    }
    assert.equal(await storedSeries(), 20);
  });

  test("says which pattern cannot be used", async () => {
    const selection = { namespace: "ns", names: [], patterns: ["("] };
    const removal = await removeQuotaSeries(redis, selection, { ...options, patternLimits });
    assert.ok(!removal.ok);
    assert.match(removal.detail, /^cannot remove series: pattern 1 \("\("\)/);
  });
});
