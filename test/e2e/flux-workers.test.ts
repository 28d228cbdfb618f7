import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { type TestContext, test } from "node:test";
import { Redis } from "ioredis";
import { decodeBlock } from "../../services/shared/block.ts";
import { shardKeys } from "../../services/shared/buffer-keys.ts";
import { openRaw, type RawConnection, writeHead } from "../flux/support/raw-connection.ts";
import { readMetricsFaults } from "../support/check-metrics.ts";
import { startSenders } from "../support/flux-senders.ts";
import { isAlive } from "../support/is-alive.ts";
import { metricValue, metricValues } from "../support/metric-value.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { type ServiceProcess, spawnService } from "../support/service.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { writeRequestBody } from "../support/write-request.ts";

/*
 * A Flux of several workers, as processes: what its senders and its operators see must be what a single one shows.
 */

const KEY = "self-key-of-the-test";
const HEADERS = { key: KEY, "x-tenant-id": "acme", "x-server-id": "1" };
const WORKERS = 2;

interface WorkerStatus {
  readonly worker: number;
  readonly pid: number;
  readonly requests: number;
  readonly restarts: number;
}

async function start(
  t: TestContext,
  settings: Record<string, string> = {},
): Promise<{ flux: ServiceProcess; redis: RedisServer }> {
  const redis = await startRedis();
  t.after(() => redis.stop());
  const flux = await spawnService("flux", {
    REDIS_URL: redis.url,
    FLUX_SELF_API_KEY: KEY,
    FLUX_WORKERS: String(WORKERS),
    ...settings,
  });
  t.after(() => flux.stop());
  await allServe(flux);
  return { flux, redis };
}

const total = (flux: ServiceProcess, name: string) => metricValue(`${flux.adminUrl}/metrics`, name);
const allServe = (flux: ServiceProcess) => until(async () => (await total(flux, "flux_workers_serving")) === WORKERS);

async function workersOf(flux: ServiceProcess): Promise<WorkerStatus[]> {
  const response = await fetch(`${flux.adminUrl}/-/status`);
  const status: { workers: WorkerStatus[] } = JSON.parse(await response.text());
  return status.workers;
}

/** Kills a worker the hard way, and waits until another serves in its place. */
async function killWorker(flux: ServiceProcess, pid: number | undefined): Promise<void> {
  const before = await total(flux, "flux_worker_restarts_total");
  process.kill(pid ?? 0, "SIGKILL");
  await until(async () => (await total(flux, "flux_worker_restarts_total")) === before + 1);
  await allServe(flux);
}

async function reload(flux: ServiceProcess): Promise<{ status: number; text: string }> {
  const response = await fetch(`${flux.adminUrl}/-/reload`, { method: "POST" });
  return { status: response.status, text: await response.text() };
}

async function timestampsIn(redis: RedisServer): Promise<Set<number>> {
  const client = new Redis(redis.url);
  const blocks = (await client.smembersBuffer(shardKeys("", 0).blocks)).map((bytes) => decodeBlock(bytes));
  client.disconnect();
  return new Set(blocks.flatMap((decoded) => (decoded.ok ? [...decoded.block.samples.timestampsMs] : [])));
}

/** Sends over a connection of its own, which the next worker in turn gets. */
async function sendAnew(flux: ServiceProcess, samples: number, name = "up"): Promise<number> {
  const points = Array.from({ length: samples }, (_, i) => ({ timestampMs: i + 1, value: 1 }));
  const response = await fetch(`${flux.intakeUrl}/prometheus/write`, {
    method: "POST",
    headers: { ...HEADERS, connection: "close" },
    body: new Uint8Array(writeRequestBody([{ labels: { __name__: name }, samples: points }])),
  });
  await response.text();
  return response.status;
}

test("the load is spread, the metrics are the sums, and what was killed is started again without a loss", async (t) => {
  const { flux, redis } = await start(t);
  const senders = startSenders(flux.intakeUrl, HEADERS, 9);
  await until(() => senders.acknowledged().length >= 300);
  const [victim] = await workersOf(flux);

  const scrapes: number[] = [];
  let isWatching = true;
  const watch = async () => {
    while (isWatching) {
      const text = await (await fetch(`${flux.adminUrl}/metrics`)).text();
      const of = (name: string) =>
        [...text.matchAll(new RegExp(`^flux_samples_${name}_total\\{.* (\\d+)$`, "gm"))].reduce(
          (sum, [, value]) => sum + Number(value),
          0,
        );
      assert.equal(of("received"), of("stored") + of("dropped") + of("refused"));
      scrapes.push(of("received"));
    }
  };
  const watching = watch();
  await killWorker(flux, victim?.pid);
  const resumed = senders.sent.length;
  await until(() => senders.sent.length >= resumed + 300);
  await senders.stop();
  isWatching = false;
  await watching;

  assert.deepEqual(
    scrapes,
    scrapes.toSorted((a, b) => a - b),
    "a sum never goes down",
  );
  const broken = senders.sent.filter(({ status }) => status !== 204);
  assert.ok(broken.length <= 9, `the connections of one worker broke, of those at most: ${JSON.stringify(broken)}`);
  const inRedis = await timestampsIn(redis);
  assert.deepEqual(
    senders.acknowledged().filter((timestampMs) => !inRedis.has(timestampMs)),
    [],
  );
  const workers = await workersOf(flux);
  assert.deepEqual(
    workers.map(({ restarts }) => restarts),
    [1, 0],
  );
  assert.ok(workers.every(({ requests, worker }) => requests > 0 || worker === victim?.worker));
  assert.equal(await readMetricsFaults(`${flux.adminUrl}/metrics`), "");
});

test("what a worker had counted when it was scraped is not lost with it, to the sample", async (t) => {
  const { flux } = await start(t);
  const count = 30;
  for (let i = 0; i < count; i++) {
    assert.equal(await sendAnew(flux, 7), 204);
  }
  assert.equal(await total(flux, "flux_samples_stored_total"), 7 * count);
  const workers = await workersOf(flux);
  assert.deepEqual(
    workers.map(({ requests }) => requests),
    Array(WORKERS).fill(count / WORKERS),
  );
  // One dies, and one ends well, as by an operator's hand.
  await killWorker(flux, workers[0]?.pid);
  process.kill(workers[1]?.pid ?? 0, "SIGTERM");
  await until(async () => (await total(flux, "flux_worker_restarts_total")) === 2);
  await allServe(flux);
  for (const name of ["flux_samples_received_total", "flux_samples_stored_total"]) {
    assert.equal(await total(flux, name), 7 * count, name);
  }
  assert.equal(await total(flux, "flux_request_duration_seconds_count"), count);
  for (let i = 0; i < count; i++) {
    assert.equal(await sendAnew(flux, 7), 204);
  }
  assert.equal(await total(flux, "flux_samples_stored_total"), 14 * count);
  assert.equal(await total(flux, "flux_requests_total"), 2 * count);
  const cpu = await metricValues(`${flux.adminUrl}/metrics`, "process_cpu_seconds_total", 'worker="');
  assert.equal(cpu.length, WORKERS + 1);
});

test("a reload reaches all workers, and those that start later, refuses for all, and breaks no request", async (t) => {
  const folder = createTempFolder();
  t.after(folder.remove);
  const file = join(folder.path, "flux.yml");
  writeFileSync(file, "DROP_METRICS: [none]\n");
  const { flux } = await start(t, { FLUX_SETTINGS: file });
  const senders = startSenders(flux.intakeUrl, HEADERS, 6);
  await until(() => senders.acknowledged().length >= 100);
  const dropped = () => total(flux, "flux_samples_dropped_total");
  const sendToAll = async () => {
    for (let i = 0; i < WORKERS; i++) {
      assert.equal(await sendAnew(flux, 1, "go_threads"), 204);
    }
  };
  await sendToAll();
  assert.equal(await dropped(), 0);
  writeFileSync(file, "DROP_METRICS: ['^go_']\nFLUX_PORT: 1\n");
  for (let i = 0; i < 5; i++) {
    const { status, text } = await reload(flux);
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(text), { ok: true, needRestart: [] });
  }
  await sendToAll();
  assert.equal(await dropped(), WORKERS);

  writeFileSync(file, "DROP_METRICS: ['(open']\n");
  const refused = await reload(flux);
  assert.equal(refused.status, 400);
  assert.match(refused.text, /DROP_METRICS.*\(open/);
  await sendToAll();
  assert.equal(await dropped(), 2 * WORKERS);
  await senders.stop();
  assert.deepEqual(
    senders.sent.filter(({ status }) => status !== 204),
    [],
  );

  const [worker] = await workersOf(flux);
  await killWorker(flux, worker?.pid);
  await sendToAll();
  assert.equal(await dropped(), 3 * WORKERS);
});

test("limits of a tenant hold over all workers", async (t) => {
  const { flux } = await start(t, {
    FLUX_TENANTS: JSON.stringify({ slow: { limits: { samplesPerSecond: 1, samplesBurst: 5 } } }),
    FLUX_MAX_REQUESTS_IN_FLIGHT: "2",
    FLUX_MAX_IN_FLIGHT_BYTES: "2000000",
  });
  const body = writeRequestBody([
    { labels: { __name__: "up" }, samples: Array(50).fill({ timestampMs: 1, value: 1 }) },
  ]);
  const send = (tenant: string) =>
    fetch(`${flux.intakeUrl}/prometheus/write`, {
      method: "POST",
      headers: { ...HEADERS, "x-tenant-id": tenant, connection: "close" },
      body: new Uint8Array(body),
    });
  assert.equal((await send("slow")).status, 204);
  for (let i = 0; i < WORKERS; i++) {
    const response = await send("slow");
    assert.equal(response.status, 503);
    assert.match(await response.text(), /over_sample_rate/);
  }
  assert.equal((await send("acme")).status, 204);

  const port = Number(new URL(flux.intakeUrl).port);
  const large = await openRaw(port, writeHead({ ...HEADERS, "content-length": 1_500_000 }));
  await large.receive(/^HTTP\/1\.1 413 .* have 1000000 \(FLUX_MAX_IN_FLIGHT_BYTES, divided by FLUX_WORKERS\)/s);
  large.socket.destroy();
  const half = async () => {
    const connection = await openRaw(port, writeHead({ ...HEADERS, "content-length": body.length }));
    connection.socket.write(body.subarray(0, 3));
    return connection;
  };
  const held: RawConnection[] = [await half(), await half()];
  await until(async () => (await total(flux, "flux_in_flight_bytes")) > body.length);
  for (let i = 0; i < WORKERS; i++) {
    assert.match(await (await send("acme")).text(), /too_many_requests/);
  }
  for (const connection of held) {
    connection.socket.write(body.subarray(3));
    await connection.receive(/ 204 /);
  }
  assert.equal((await send("acme")).status, 204);

  for (const { socket } of held) {
    socket.destroy();
  }
});

test("connections are dealt out to the workers in turn, up to the limit of all", async (t) => {
  const { flux } = await start(t, { FLUX_MAX_CONNECTIONS: String(WORKERS) });
  const port = Number(new URL(flux.intakeUrl).port);
  const held: RawConnection[] = [];
  t.after(() => held.map(({ socket }) => socket.destroy()));
  while (held.length < WORKERS) {
    held.push(await openRaw(port));
    await until(async () => (await total(flux, "flux_open_connections")) === held.length);
  }
  await (await openRaw(port)).ended();
  assert.equal(await total(flux, "flux_connections_dropped_total"), 1);
  held.shift()?.socket.destroy();
  await until(async () => (await total(flux, "flux_open_connections")) === WORKERS - 1);
  // The turn may first come to workers that have theirs.
  await until(async () => (await sendAnew(flux, 1).catch(() => 0)) === 204);
});

test("a Flux that is told to end under load drains all workers: what they acknowledged is in Redis", async (t) => {
  const { flux, redis } = await start(t);
  const senders = startSenders(flux.intakeUrl, HEADERS, 9);
  await until(() => senders.acknowledged().length >= 300);
  await flux.stop();
  await senders.stop();
  assert.equal(flux.logs().match(/"exitCode":0/g)?.length, WORKERS + 1, flux.logs());
  const inRedis = await timestampsIn(redis);
  assert.deepEqual(
    senders.acknowledged().filter((timestampMs) => !inRedis.has(timestampMs)),
    [],
  );
});

test("workers end with their primary, however that ends", async (t) => {
  const { flux } = await start(t);
  const workers = await workersOf(flux);
  assert.ok(workers.every(({ pid }) => isAlive(pid)));
  process.kill(flux.pid, "SIGKILL");
  await until(() => workers.every(({ pid }) => !isAlive(pid)));
});

test("a Flux whose workers cannot start ends with the sentence of a single process", async (t) => {
  const settings = { FLUX_SELF_API_KEY: KEY, FLUX_WORKERS: "2", REDIS_URL: "redis://127.0.0.1:1" };
  const tls = { FLUX_TLS_CERT_FILE: "/no/cert.pem", FLUX_TLS_KEY_FILE: "/no/key.pem" };
  const says = (pattern: RegExp) => (error: Error) => /code 1/.test(error.message) && pattern.test(error.message);
  const unreadable = spawnService("flux", { ...settings, ...tls });
  await assert.rejects(unreadable, says(/^cannot read FLUX_TLS_CERT_FILE, \/no\/cert\.pem: there is no such file/m));

  const taken = createServer().listen(0, "127.0.0.1");
  t.after(() => taken.close());
  await until(() => taken.listening);
  const address = taken.address();
  assert.ok(typeof address === "object" && address);
  const redis = await startRedis();
  t.after(() => redis.stop());
  const onTaken = spawnService("flux", { ...settings, REDIS_URL: redis.url, FLUX_PORT: String(address.port) });
  await assert.rejects(
    onTaken,
    says(/cannot listen on 127\.0\.0\.1:\d+: another process uses this port; set FLUX_PORT/),
  );
});
