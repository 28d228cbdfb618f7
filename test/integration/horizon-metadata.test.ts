import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, type TestContext, test } from "node:test";
import { Redis } from "ioredis";
import { Registry } from "prom-client";
import { buildVictoriaSink } from "../../services/horizon/build-sinks.ts";
import { buildForwarders } from "../../services/horizon/metadata/build-forwarders.ts";
import { HorizonMetrics } from "../../services/horizon/metrics.ts";
import type { MetadataEntry } from "../../services/kernel/codec.ts";
import { loadBodyWriter } from "../../services/kernel/load-body-writer.ts";
import { metadataKeys } from "../../services/shared/buffer-keys.ts";
import { createLogger } from "../../services/shared/logger.ts";
import { settingsSchema } from "../../settings/schema.ts";
import { createMetadataFiller } from "../horizon/support/metadata-filler.ts";
import { type RecordingReceiver, startRecordingReceiver } from "../horizon/support/recording-receiver.ts";
import { startPrometheus } from "../support/prometheus.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { startVictoriaMetrics } from "../support/victoria-metrics.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let redisServer: RedisServer;
let redis: Redis;
before(async () => {
  redisServer = await startRedis();
  redis = new Redis(redisServer.url);
});
after(async () => {
  redis.disconnect();
  await redisServer.stop();
});

function entry(familyName: string, help = "Help."): MetadataEntry {
  return { familyName, type: 1, help, unit: "s" };
}

/** What sends the metadata of one Redis, with keys of its own, to one store, on a clock that the test moves. */
async function createForwarding(t: TestContext, url: string) {
  const keyPrefix = `test-${randomUUID()}:`;
  const settings = settingsSchema.parse({ REDIS_KEY_PREFIX: keyPrefix, VICTORIAMETRICS_TIMEOUT_MS: 5000 });
  const logger = createLogger("test", "silent");
  const registry = new Registry();
  const clock = { nowMs: Date.now() };
  const now = () => clock.nowMs;
  const metrics = new HorizonMetrics(new Registry(), ["victoriametrics"]);
  const store = { name: "victoriametrics", url } as const;
  const victoria = buildVictoriaSink(settings, store, [store.name], {
    ...{ metrics, logger, now, bodies: loadBodyWriter() },
    clockOf: () => ({ atLeastMs: now, atMostMs: now }),
  });
  t.after(victoria.close);
  const [forwarder] = buildForwarders({ settings, redis, registry, logger, now }, [victoria.metadataReceiver]);
  assert.ok(forwarder);
  t.after(() => forwarder.stop());
  return {
    clock,
    keyPrefix,
    forwarder,
    write: await createMetadataFiller(redis, keyPrefix),
    forward: async () => {
      forwarder.begin();
      await forwarder.settled();
    },
    count: async (name: string) => {
      const metric = await registry.getSingleMetric(`horizon_metadata_${name}_total`)?.get();
      return metric?.values.reduce((sum, { value }) => sum + value, 0);
    },
  };
}

/** The requests since the last call: path, and the families in the order of their names. */
function taken(receiver: RecordingReceiver): [url: string, families: string[]][] {
  const requests = receiver.requests.splice(0);
  assert.ok(requests.every(({ series, metadata }) => series.length === 0 && metadata.length > 0));
  return requests
    .map(({ url, metadata }): [string, string[]] => [url, metadata.map(({ familyName }) => familyName).sort()])
    .sort((a, b) => (String(a) < String(b) ? -1 : 1));
}

async function startReceiver(t: TestContext): Promise<RecordingReceiver> {
  const receiver = await startRecordingReceiver();
  t.after(() => receiver.stop());
  return receiver;
}

test("metadata is sent as remote-write 1.0, word for word, each tenant's and server's in requests of its own", async (t) => {
  const receiver = await startReceiver(t);
  const { write, forward, count } = await createForwarding(t, `${receiver.url}/insert/{tenant}/write`);
  await write("acme", "s1", entry("a", "Hülfe\n"), { ...entry("b", ""), type: 0, unit: "" });
  await write("acme", "s2", entry("a"));
  await write("other", "s1", entry("c"));
  await forward();
  const [first] = receiver.requests.filter(({ metadata }) => metadata.length === 2);
  assert.deepEqual(
    [...(first?.metadata ?? [])].sort((a, b) => (a.familyName < b.familyName ? -1 : 1)),
    [entry("a", "Hülfe\n"), { type: 0, familyName: "b", help: "", unit: "" }],
  );
  assert.equal(first?.headers["content-type"], "application/x-protobuf");
  assert.equal(first?.headers["content-encoding"], "snappy");
  assert.equal(first?.headers["x-prometheus-remote-write-version"], "0.1.0");
  assert.deepEqual(taken(receiver), [
    ["/insert/acme/write", ["a"]],
    ["/insert/acme/write", ["a", "b"]],
    ["/insert/other/write", ["c"]],
  ]);
  assert.equal(await count("sent"), 4);
});

test("metadata is sent again when it has changed, and every ten minutes", async (t) => {
  const receiver = await startReceiver(t);
  const { write, forward, clock } = await createForwarding(t, receiver.url);
  await write("acme", "s1", entry("a"));
  await write("acme", "s2", entry("b"));
  await forward();
  assert.equal(taken(receiver).length, 2);
  await write("acme", "s1", entry("a"));
  clock.nowMs += 10 * MINUTE_MS - 1;
  await forward();
  assert.deepEqual(taken(receiver), []);
  await write("acme", "s1", entry("a", "Another help."));
  await forward();
  assert.deepEqual(taken(receiver), [["/api/v1/write", ["a"]]]);
  clock.nowMs += 1;
  await forward();
  assert.deepEqual(taken(receiver), [["/api/v1/write", ["b"]]]);
});

test("a store that refuses metadata is left in peace until it has changed or an hour is over", async (t) => {
  const receiver = await startReceiver(t);
  const { write, forward, clock, count } = await createForwarding(t, receiver.url);
  await write("acme", "s1", entry("a"), entry("b"));
  receiver.answer = () => ({ status: 404, body: "no metadata here" });
  await forward();
  assert.equal(taken(receiver).length, 1, "it is asked once, not three times");
  assert.equal(await count("refused"), 2);
  clock.nowMs += HOUR_MS - 1;
  await forward();
  assert.deepEqual(taken(receiver), []);
  clock.nowMs += 1;
  await forward();
  assert.equal(taken(receiver).length, 1);
  await write("acme", "s1", entry("a", "Another help."));
  receiver.answer = () => ({ status: 200 });
  await forward();
  assert.deepEqual(taken(receiver), [["/api/v1/write", ["a", "b"]]]);
  assert.equal(await count("refused"), 4);
  assert.equal(await count("failures"), 0);
});

test("a store that takes nothing now gets its metadata after the next cycle", async (t) => {
  const receiver = await startReceiver(t);
  const { write, forward, count } = await createForwarding(t, receiver.url);
  await write("acme", "s1", entry("a"));
  await write("acme", "s2", entry("b"));
  for (const status of [503, 429, 500]) {
    receiver.answer = () => ({ status });
    await forward();
    assert.equal(taken(receiver).length, 1, "the other server's would fare no better");
  }
  receiver.answer = () => ({ status: 204 });
  await forward();
  assert.equal(taken(receiver).length, 2);
  assert.equal(await count("failures"), 3);
  assert.equal(await count("sent"), 2);
});

test("many families are cut into requests of which each can be refused by itself", async (t) => {
  const receiver = await startReceiver(t);
  const { write, forward, count } = await createForwarding(t, receiver.url);
  await write("acme", "s1", ...Array.from({ length: 4500 }, (_, i) => entry(`f${i}`)));
  receiver.answer = ({ metadata }) => ({ status: metadata.length < 1000 ? 400 : 204 });
  await forward();
  assert.deepEqual(
    receiver.requests.map(({ metadata }) => metadata.length),
    [2000, 2000, 500],
  );
  assert.equal(await count("sent"), 4000);
  assert.equal(await count("refused"), 500);
});

test("a record that cannot be read is counted, and the others are sent", async (t) => {
  const receiver = await startReceiver(t);
  const { write, forward, keyPrefix, count } = await createForwarding(t, receiver.url);
  await write("acme", "s1", entry("a"), entry("b"));
  await redis.hset(metadataKeys(keyPrefix).families("acme", "s1"), "b", "damaged");
  await forward();
  assert.deepEqual(taken(receiver), [["/api/v1/write", ["a"]]]);
  assert.equal(await count("unreadable"), 1);
});

test("what a store never answers is left when Horizon stops", async (t) => {
  const receiver = await startReceiver(t);
  const { write, forwarder } = await createForwarding(t, receiver.url);
  await write("acme", "s1", entry("a"));
  const arrived = new Promise<void>((resolve) => {
    receiver.answer = () => {
      resolve();
      return "never";
    };
  });
  forwarder.begin();
  await arrived;
  await forwarder.stop();
  forwarder.begin();
  await forwarder.settled();
  assert.equal(receiver.requests.length, 1, "nothing is begun after that");
});

test("metadata stays here when the settings say so", () => {
  const settings = settingsSchema.parse({ VICTORIAMETRICS_METADATA: false });
  const logger = createLogger("test", "silent");
  const receiver = { name: "victoriametrics", offer: () => assert.fail("it was sent") } as const;
  assert.deepEqual(
    buildForwarders({ settings, redis, registry: new Registry(), logger, now: Date.now }, [receiver]),
    [],
  );
});

test("a VictoriaMetrics and a Prometheus take metadata", async (t) => {
  const victoria = await startVictoriaMetrics();
  t.after(() => victoria.stop());
  const prometheus = await startPrometheus({ receiver: true });
  t.after(() => prometheus.stop());
  for (const url of [victoria.url, prometheus.writeUrl]) {
    const { write, forward, count } = await createForwarding(t, url);
    await write("acme", "s1", entry("a"), entry("b"));
    await forward();
    assert.equal(await count("sent"), 2, url);
  }
});
