import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { Redis } from "ioredis";
import { BufferWriter, type BufferWriterOptions } from "../../services/flux/buffer-writer.ts";
import { MetadataStore, type MetadataStoreOptions } from "../../services/flux/metadata/metadata-store.ts";
import type { MetadataEntry } from "../../services/kernel/codec.ts";
import { plainBlockEncoder } from "../../services/shared/block-encoder.ts";
import { metadataKeys, shardKeys } from "../../services/shared/buffer-keys.ts";
import { generationAt } from "../../services/shared/generation.ts";
import { encodeLabels } from "../../services/shared/label-bytes.ts";
import { decodeMetadata, encodeMetadata } from "../../services/shared/metadata-record.ts";
import { loadScripts } from "../../services/shared/redis-scripts/run-script.ts";
import { decodeRecord, METRIC_TYPES, type MetricType } from "../../services/shared/registry-record.ts";
import { createSeriesHasher, type SeriesHasher } from "../../services/shared/series-id.ts";
import { addSeries, samplesOf } from "../flux/support/known-series.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";

const hasher = await createSeriesHasher();
const keys = metadataKeys("");
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START_HOUR = 498_000;
const owner = { tenant: "acme", server: "prom-1" };

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

/** One Flux' store, on a clock that the test moves. */
function createStore(options: Partial<MetadataStoreOptions> = {}) {
  const clock = { nowMs: START_HOUR * HOUR_MS };
  const failures: unknown[] = [];
  const store = new MetadataStore({
    redis,
    runScript: loadScripts(redis),
    keyPrefix: "",
    maxFamilies: 100,
    digest: (bytes) => hasher.idOf(bytes, 0),
    now: () => clock.nowMs,
    onFailure: (error) => failures.push(error),
    ...options,
  });
  return { store, clock, failures };
}

function request(...metadata: MetadataEntry[]) {
  return { metadata, unreadMetadata: { invalid: 0, overLimit: 0 } };
}

function entry(familyName: string, type: MetricType = "counter", help = "Help."): MetadataEntry {
  return { familyName, type: METRIC_TYPES.indexOf(type), help, unit: "" };
}

/** What Redis holds of a server, as `family: type help`. */
async function stored({ tenant, server: name } = owner): Promise<string[]> {
  const records = await redis.hgetallBuffer(keys.families(tenant, name));
  return Object.entries(records)
    .map(([family, bytes]) => {
      const record = decodeMetadata(bytes);
      return `${family}: ${record?.type} ${record?.help}`;
    })
    .sort();
}

function typeOf(store: MetadataStore, metricName: string, of = owner): MetricType {
  return store.typesOf(of)?.(encodeLabels([{ name: "__name__", value: metricName }])) ?? "unknown";
}

/** The commands that Redis was sent meanwhile, by the count that it keeps itself. */
async function commandsOf(work: () => Promise<unknown>): Promise<string[]> {
  await redis.config("RESETSTAT");
  await work();
  const info = await redis.info("commandstats");
  return [...info.matchAll(/^cmdstat_(?!config|info)([a-z]+):/gm)].map(([, name = ""]) => name).sort();
}

describe("metadata of a request", () => {
  test("is in Redis when it was kept, changed entries in place of the old ones", async () => {
    const { store } = createStore();
    const first = await store.keep(owner, request(entry("a"), entry("b", "gauge"), entry("é", "histogram")));
    assert.deepEqual(first, {
      received: 3,
      stored: 3,
      dropped: { invalid: 0, overwritten_in_request: 0, over_limit: 0, store_unavailable: 0 },
    });
    await store.keep(owner, request(entry("a", "counter", "Other help."), entry("b", "summary")));
    assert.deepEqual(await stored(), ["a: counter Other help.", "b: summary Help.", "é: histogram Help."]);
    assert.ok((await redis.pttl(keys.families("acme", "prom-1"))) > 6 * DAY_MS, "it expires by itself");
  });

  test("is not written again when nothing has changed; after a day it is", async () => {
    const { store, clock } = createStore();
    const all = request(entry("a"), entry("b"));
    await store.keep(owner, all);
    const version = await redis.zscore(keys.servers("acme"), "prom-1");
    const repeated = async () => (await store.keep(owner, all)).stored;
    assert.deepEqual(await commandsOf(repeated), ["zscore"]);
    assert.equal(await repeated(), 2);
    assert.equal(await redis.zscore(keys.servers("acme"), "prom-1"), version);
    clock.nowMs += DAY_MS + HOUR_MS;
    await repeated();
    assert.notEqual(await redis.zscore(keys.servers("acme"), "prom-1"), version);
  });

  test("costs nothing where there is none: Redis is asked once an hour", async () => {
    const { store, clock } = createStore();
    assert.deepEqual(await commandsOf(() => store.keep(owner, request())), ["zscore"]);
    assert.deepEqual(await commandsOf(() => store.keep(owner, request())), []);
    clock.nowMs += HOUR_MS;
    assert.deepEqual(await commandsOf(() => store.keep(owner, request())), ["zscore"]);
  });

  test("with a family twice keeps the last, and counts the other", async () => {
    const { store } = createStore();
    const tally = await store.keep(owner, request(entry("a"), entry("a", "gauge"), entry("a", "summary")));
    assert.equal(tally.stored, 1);
    assert.equal(tally.dropped.overwritten_in_request, 2);
    assert.deepEqual(await stored(), ["a: summary Help."]);
  });

  test("that could not be read is counted with the rest", async () => {
    const { store } = createStore();
    const tally = await store.keep(owner, { metadata: [entry("a")], unreadMetadata: { invalid: 3, overLimit: 4 } });
    assert.equal(tally.received, 8);
    assert.equal(tally.stored, 1);
    assert.equal(tally.dropped.invalid, 3);
    assert.equal(tally.dropped.over_limit, 4);
  });
});

describe("the bounds", () => {
  test("on families of a server are exact, however many Flux write at once", async () => {
    const writers = Array.from({ length: 4 }, () => createStore({ maxFamilies: 50 }).store);
    const tallies = await Promise.all(
      writers.flatMap((store, w) =>
        Array.from({ length: 5 }, (_, r) =>
          store.keep(owner, request(...Array.from({ length: 20 }, (_, i) => entry(`f${w}_${r}_${i}`)))),
        ),
      ),
    );
    assert.equal(await redis.hlen(keys.families("acme", "prom-1")), 50);
    const sum = (of: (tally: (typeof tallies)[number]) => number) => tallies.reduce((total, one) => total + of(one), 0);
    assert.equal(
      sum(({ stored: kept }) => kept),
      50,
    );
    assert.equal(
      sum(({ dropped }) => dropped.over_limit),
      350,
    );
  });

  test("let known families change when there is no room for new ones", async () => {
    const { store } = createStore({ maxFamilies: 2 });
    await store.keep(owner, request(entry("a"), entry("b"), entry("c")));
    const tally = await store.keep(owner, request(entry("d"), entry("b", "gauge")));
    assert.equal(tally.dropped.over_limit, 1);
    assert.deepEqual(await stored(), ["a: counter Help.", "b: gauge Help."]);
    assert.equal(typeOf(store, "c"), "unknown", "what is not kept is not known either");
  });

  test("on servers of a tenant hold for that tenant alone", async () => {
    const { store } = createStore();
    await redis.zadd(
      keys.servers("acme"),
      ...Array.from({ length: 1000 }, (_, i) => [Date.now() * 1000, `s${i}`]).flat(),
    );
    assert.equal((await store.keep(owner, request(entry("a")))).dropped.over_limit, 1);
    assert.equal((await store.keep({ tenant: "other", server: "prom-1" }, request(entry("a")))).stored, 1);
    assert.equal((await store.keep({ tenant: "acme", server: "s7" }, request(entry("a")))).stored, 1);
  });

  test("make room when servers have long been silent", async () => {
    const { store } = createStore();
    const longAgo = (Date.now() - 8 * DAY_MS) * 1000;
    await redis.zadd(keys.servers("acme"), ...Array.from({ length: 1000 }, (_, i) => [longAgo, `s${i}`]).flat());
    assert.equal((await store.keep(owner, request(entry("a")))).stored, 1);
    assert.deepEqual(await redis.zrange(keys.servers("acme"), 0, "-1"), ["prom-1"]);
  });

  test("make room when families have not been sent for a week", async () => {
    const old = encodeMetadata({ type: "gauge", help: "", unit: "", writtenHour: START_HOUR - 169 });
    await createStore().store.keep(owner, request(entry("fresh")));
    await redis.hset(keys.families("acme", "prom-1"), "old", old);
    const { store } = createStore({ maxFamilies: 2 });
    await store.keep(owner, request(entry("new")));
    assert.deepEqual(await stored(), ["fresh: counter Help.", "new: counter Help."]);
    assert.equal(typeOf(store, "old"), "unknown");
  });
});

describe("types", () => {
  test("are those of the family, for its children too", async () => {
    const { store } = createStore();
    await store.keep(owner, request(entry("rpc_seconds", "histogram"), entry("requests_total"), entry("up", "gauge")));
    assert.equal(typeOf(store, "rpc_seconds_bucket"), "histogram");
    assert.equal(typeOf(store, "requests_total"), "counter");
    assert.equal(typeOf(store, "up"), "gauge");
    assert.equal(typeOf(store, "down"), "unknown");
  });

  test("survive a restart of Flux: what Redis has is read when it is first needed", async () => {
    await createStore().store.keep(owner, request(entry("rpc", "summary")));
    const { store } = createStore();
    assert.equal(typeOf(store, "rpc_sum"), "unknown", "nothing is read before it is needed");
    await store.keep(owner, request());
    assert.equal(typeOf(store, "rpc_sum"), "summary");
  });

  test("that another Flux was told are known within the hour, and with the next metadata", async () => {
    const [one, other] = [createStore(), createStore()];
    await other.store.keep(owner, request());
    await one.store.keep(owner, request(entry("a")));
    await other.store.keep(owner, request());
    assert.equal(typeOf(other.store, "a"), "unknown");
    other.clock.nowMs += HOUR_MS;
    await other.store.keep(owner, request());
    assert.equal(typeOf(other.store, "a"), "counter");
    await one.store.keep(owner, request(entry("b", "gauge")));
    await other.store.keep(owner, request(entry("c")));
    assert.equal(typeOf(other.store, "b"), "gauge");
  });

  test("that another Flux was told in the very moment of writing are known with the next metadata", async () => {
    const other = createStore().store;
    const runScript = loadScripts(redis);
    const { store } = createStore({
      runScript: async (...call) => {
        await other.keep(owner, request(entry("b", "gauge")));
        return runScript(...call);
      },
    });
    await store.keep(owner, request(entry("a")));
    assert.equal(typeOf(store, "b"), "unknown");
    await store.keep(owner, request(entry("a")));
    assert.equal(typeOf(store, "b"), "gauge");
  });

  test("and texts of tenants and servers are apart, even where their names run together", async () => {
    const { store } = createStore();
    const apart = [
      { of: { tenant: "a.b", server: "c" }, type: "counter" },
      { of: { tenant: "a", server: "b.c" }, type: "gauge" },
      { of: { tenant: "a", server: "c" }, type: "summary" },
    ] as const;
    for (const { of, type } of apart) {
      await store.keep(of, request(entry("x", type, type)));
    }
    for (const { of, type } of apart) {
      assert.equal(typeOf(store, "x", of), type);
      assert.deepEqual(await stored(of), [`x: ${type} ${type}`]);
    }
  });
});

describe("the registry", () => {
  const nowMs = START_HOUR * HOUR_MS;

  /** A Flux of its own: what it remembers of metadata, and what it writes series with. */
  function createFlux(options: Partial<BufferWriterOptions> = {}) {
    const { store, clock } = createStore();
    const writer = new BufferWriter({
      runScript: loadScripts(redis),
      hasher,
      blocks: plainBlockEncoder,
      keyPrefix: "",
      shards: 1,
      maxBytes: 1e9,
      registryRetentionMs: HOUR_MS,
      now: () => clock.nowMs,
      typesOf: (of) => store.typesOf(of),
      onEvent: () => {},
      ...options,
    });
    const commit = (series: readonly number[], of = owner) =>
      writer.commit(samplesOf(series, clock.nowMs), { ...of, namespace: "" });
    return { store, clock, commit };
  }

  function series(name: string, idOf = hasher.idOf): number {
    const labels = [{ name: "__name__", value: name }];
    return addSeries(labels, idOf(encodeLabels(labels), 0));
  }

  /** The types that the registry has of series, by name. */
  async function registered(atMs = nowMs): Promise<Record<string, string>> {
    const records = await redis.hvalsBuffer(shardKeys("", 0).series(generationAt(atMs)));
    const known = records.map((record) => decodeRecord(record)).map((one) => [one?.labels[0]?.value, one?.type]);
    return Object.fromEntries(known.sort());
  }

  test("gets the type of a series' family when the series is registered", async () => {
    const { store, commit } = createFlux();
    await store.keep(owner, request(entry("rpc_seconds", "histogram"), entry("http_requests"), entry("load", "gauge")));
    const names = [
      "rpc_seconds_bucket",
      "rpc_seconds_sum",
      "rpc_seconds_count",
      "http_requests_total",
      "load",
      "other",
    ];
    await commit(names.map((name) => series(name)));
    assert.deepEqual(await registered(), {
      rpc_seconds_bucket: "histogram",
      rpc_seconds_sum: "histogram",
      rpc_seconds_count: "histogram",
      http_requests_total: "counter",
      load: "gauge",
      other: "unknown",
    });
  });

  test("has the type of each tenant's own family", async () => {
    const { store, commit } = createFlux();
    const other = { tenant: "other", server: "prom-1" };
    await store.keep(owner, request(entry("x", "counter")));
    await store.keep(other, request(entry("x", "gauge"), entry("y", "gauge")));
    await commit([series("x"), series("y")]);
    assert.deepEqual(await registered(), { x: "counter", y: "unknown" });
  });

  test("learns a type that was told after registration in the next hour, as the same series", async () => {
    const { store, clock, commit } = createFlux();
    const one = series("x");
    await commit([one]);
    await store.keep(owner, request(entry("x")));
    await commit([one]);
    assert.deepEqual(await registered(), { x: "unknown" });
    clock.nowMs += HOUR_MS;
    await commit([one]);
    assert.deepEqual(await registered(clock.nowMs), { x: "counter" });
  });

  test("learns it at once from a Flux that is restarted, and keeps it from one that does not know it", async () => {
    await createFlux().commit([series("x")]);
    const restarted = createFlux();
    await restarted.store.keep(owner, request(entry("x")));
    const commit = await restarted.commit([series("x")]);
    assert.ok(commit.ok, "the other type byte is no collision");
    assert.deepEqual(await registered(), { x: "counter" });
    await createFlux().commit([series("x")]);
    assert.deepEqual(await registered(), { x: "counter" });
    assert.equal(await redis.hget(shardKeys("", 0).activeSeries(generationAt(nowMs)), "acme"), "1");
  });

  test("has the types of series whose ids collide, too", async () => {
    const idOf: SeriesHasher["idOf"] = (bytes, attempt) => hasher.idOf(bytes, attempt) & 0x7n;
    const { store, commit } = createFlux({ hasher: { idOf } });
    const names = ["a", "b", "c", "d", "e", "f"];
    await store.keep(owner, request(...names.map((name) => entry(name, "summary"))));
    await commit(names.map((name) => series(name, idOf)));
    assert.deepEqual(await registered(), Object.fromEntries(names.map((name) => [name, "summary"])));
  });
});

describe("faults", () => {
  test("FLUSHALL: what senders repeat is written again, though this process has written it before", async () => {
    const { store } = createStore();
    const all = request(entry("a"), entry("b"));
    await store.keep(owner, all);
    await redis.flushall();
    assert.equal((await store.keep(owner, all)).stored, 2);
    assert.deepEqual(await stored(), ["a: counter Help.", "b: counter Help."]);
  });

  test("a Redis without memory costs the metadata, which is counted, and nothing else", async () => {
    const { store, failures } = createStore();
    await redis.config("SET", "maxmemory", "1");
    const tally = await store.keep(owner, request(entry("a"), entry("b")));
    await redis.config("SET", "maxmemory", "0");
    assert.equal(tally.stored, 0);
    assert.equal(tally.dropped.store_unavailable, 2);
    assert.match(String(failures[0]), /OOM/);
    assert.equal((await store.keep(owner, request(entry("a")))).stored, 1);
  });

  test("a Redis that does not answer is not asked again at once", async () => {
    let asked = 0;
    const zscore: Redis["zscore"] = () => {
      asked++;
      return Promise.reject(new Error("away"));
    };
    const { store, clock, failures } = createStore({ redis: { zscore, hgetallBuffer: redis.hgetallBuffer } });
    assert.equal((await store.keep(owner, request(entry("a")))).dropped.store_unavailable, 1);
    assert.equal((await store.keep(owner, request(entry("a")))).dropped.store_unavailable, 1);
    await store.keep(owner, request());
    assert.equal(asked, 1);
    assert.equal(failures.length, 1);
    clock.nowMs += 5000;
    await store.keep(owner, request());
    assert.equal(asked, 2);
  });

  test("a record that cannot be read is replaced by what the sender says", async () => {
    const { store } = createStore();
    await createStore().store.keep(owner, request(entry("a")));
    await redis.hset(keys.families("acme", "prom-1"), "a", Buffer.from("damaged"));
    await store.keep(owner, request(entry("a")));
    assert.deepEqual(await stored(), ["a: counter Help."]);
  });
});
