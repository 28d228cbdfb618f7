import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { Redis } from "ioredis";
import type { KeptSamples } from "../../services/flux/intake/intake.ts";
import { injectOwner } from "../../services/flux/intake/series-check.ts";
import { SeriesAdmission } from "../../services/flux/series-admission.ts";
import { SkylineWriter, type SkylineWriterOptions } from "../../services/flux/skyline-writer.ts";
import { skylineKeys } from "../../services/shared/buffer-keys.ts";
import { encodeLabels } from "../../services/shared/label-bytes.ts";
import { loadScripts } from "../../services/shared/redis-scripts/run-script.ts";
import { createSeriesHasher } from "../../services/shared/series-id.ts";
import { addSeries, samplesOf } from "../flux/support/known-series.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { readSkylineMember } from "../support/skyline-reader.ts";
import { bitsOf } from "../support/special-values.ts";

const hasher = await createSeriesHasher();
const owner = { tenant: "acme", server: "s1", namespace: "acme" };
const key = skylineKeys("").members;
const nowMs = Date.now();

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

function createWriter(options: Partial<SkylineWriterOptions> = {}): SkylineWriter {
  const runScript = loadScripts(redis);
  const admission = new SeriesAdmission({ runScript, hasher, keyPrefix: "", now: () => nowMs });
  return new SkylineWriter({ runScript, membersKey: key, admission, maxBytes: 1e9, ...options });
}

function series(name: string): number {
  const labels = injectOwner([{ name: "__name__", value: name }], owner.tenant, owner.server);
  return addSeries(labels, hasher.idOf(encodeLabels(labels), 0));
}

function samples(names: readonly string[], timestampMs = 100, value = 1.5): KeptSamples {
  return samplesOf(names.map(series), timestampMs, bitsOf(value));
}

const member = (name: string, timestampMs = 100, value = "1.5") =>
  `acme s1 ${timestampMs} ${value} ${name}{_tenant_id="acme",_server_id="s1"}`;
const stored = async () => (await redis.smembers(key)).sort();
const names = (count: number) => Array.from({ length: count }, (_, i) => `m${i}`);

describe("a commit in Skyline's format", () => {
  test("puts each sample into Skyline's set as one member, and says how many bytes they are", async () => {
    const kept = samples(["a", "b", "a"]);
    kept.timestampsMs[2] = 160_100;
    kept.valueBits[2] = bitsOf(1e21);
    const want = [member("a"), member("b"), member("a", 160_100, "1e+21")].sort();
    const commit = await createWriter().commit(kept, owner);
    assert.deepEqual(commit, { ok: true, registeredSeries: 0, blockBytes: want.join("").length });
    assert.deepEqual(await stored(), want);
    assert.deepEqual(await redis.keys("*"), [key], "and nothing else into Redis");
  });

  test("delivered again changes nothing, also by another process", async () => {
    const writer = createWriter();
    await writer.commit(samples(["a", "b"]), owner);
    await writer.commit(samples(["a", "b"]), owner);
    await createWriter().commit(samples(["a", "b"]), owner);
    assert.deepEqual(await stored(), [member("a"), member("b")]);
  });

  test("of thousands of samples stores every one of them", async () => {
    const all = names(4321);
    await createWriter().commit(samples(all), owner);
    const read = (await redis.smembers(key)).map((text) => readSkylineMember(text).name);
    assert.deepEqual(read.sort(), all.sort());
  });

  test("of no sample is none to Redis", async () => {
    assert.deepEqual(await createWriter().commit(samples([]), owner), { ok: true, registeredSeries: 0, blockBytes: 0 });
    assert.equal(await redis.exists(key), 0);
  });

  test("throws when Redis has no memory left, and stores nothing", async () => {
    await redis.config("SET", "maxmemory", "1");
    await assert.rejects(createWriter().commit(samples(["a"]), owner), /OOM/);
    await redis.config("SET", "maxmemory", "0");
    assert.deepEqual(await stored(), []);
  });
});

describe("the set's limit of memory", () => {
  const maxBytes = 500_000;

  test("is what Redis says that the set takes, within a tenth", async () => {
    const writer = createWriter({ maxBytes });
    let timestampMs = 0;
    while ((await writer.commit(samples(names(10), ++timestampMs), owner)).ok) {
      assert.ok(timestampMs < 1000, "the set grows without end");
    }
    const bytes = Number(await redis.call("MEMORY", "USAGE", key, "SAMPLES", "0"));
    assert.ok(bytes > 0.9 * maxBytes && bytes <= 1.1 * maxBytes, `${bytes} of ${maxBytes} bytes`);
  });

  test("refuses a request that would go beyond, and takes it when Skyline's Horizon has taken the set away", async () => {
    const writer = createWriter({ maxBytes });
    for (let timestampMs = 1; (await writer.commit(samples(names(100), timestampMs), owner)).ok; timestampMs++);
    const refused = await writer.commit(samples(names(100), 9999), owner);
    assert.ok(!refused.ok && "fullBytes" in refused && refused.fullBytes > 0);
    assert.ok(!(await stored()).includes(member("m0", 9999)));
    await redis.rename(key, `${key}.1795227060`);
    assert.ok((await writer.commit(samples(names(100), 9999), owner)).ok);
    assert.equal((await stored()).length, 100);
  });

  test("holds for the very first request too", async () => {
    assert.deepEqual(await createWriter({ maxBytes: 10 }).commit(samples(["a"]), owner), { ok: false, fullBytes: 0 });
    assert.equal(await redis.exists(key), 0);
  });
});

describe("limits of a sender in Skyline's format", () => {
  test("leave out the series for which the limit of active series has no place", async () => {
    const commit = await createWriter().commit(samples(["a", "b", "c"]), owner, {
      maxActiveSeries: 2,
      quota: undefined,
    });
    assert.ok(commit.ok && commit.admission);
    assert.equal(commit.admission.overLimit.size, 1);
    assert.deepEqual(await stored(), [member("a"), member("b")]);
  });

  test("refuse a request that names more series than the whole quota", async () => {
    const commit = await createWriter().commit(samples(["a", "b", "c"]), owner, { maxActiveSeries: 0, quota: 2 });
    assert.deepEqual(commit, { ok: false, breach: { ok: false, quota: 2, submitted: 3 } });
    assert.deepEqual(await stored(), []);
  });
});
