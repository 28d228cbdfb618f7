import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { describe, test } from "node:test";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { decodeBlock } from "../../services/shared/block.ts";
import { shardKeys } from "../../services/shared/buffer-keys.ts";
import { openRaw, writeHead } from "../flux/support/raw-connection.ts";
import { metricValue } from "../support/metric-value.ts";
import { QUICK_QUEUE } from "../support/pipeline.ts";
import { startPrometheus } from "../support/prometheus.ts";
import { startRedis } from "../support/redis-server.ts";
import { peakResidentBytes } from "../support/resident-bytes.ts";
import { type ServiceProcess, spawnService } from "../support/service.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { writeRequestBody } from "../support/write-request.ts";

/*
 * The transport of a Flux process: TLS, the bound of its memory, and its end under load.
 */

const KEY = "self-key-of-the-test";
const HEADERS = { key: KEY, "x-tenant-id": "acme", "x-server-id": "1" };
const FIXTURES = new URL("../fixtures/tls/", import.meta.url);
const CA_FILE = fileURLToPath(new URL("ca.pem", FIXTURES));

const bodyAt = (timestampMs: number) =>
  writeRequestBody([{ labels: { __name__: "up" }, samples: [{ timestampMs, value: 1 }] }]);

describe("a Flux process that speaks TLS", () => {
  /** Puts a certificate, and its key, where Flux reads them. */
  const put = (folder: string, name: "server" | "renewed") => {
    copyFileSync(new URL(`${name}.pem`, FIXTURES), join(folder, "cert.pem"));
    copyFileSync(new URL(`${name}-key.pem`, FIXTURES), join(folder, "key.pem"));
  };
  /** Whom a new connection meets. */
  const served = (flux: ServiceProcess) =>
    new Promise<string>((resolve, reject) => {
      const options = { host: "127.0.0.1", port: Number(new URL(flux.intakeUrl).port), ca: readFileSync(CA_FILE) };
      const socket = connect(options, () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      });
      socket.once("error", reject);
    });

  test("takes what a Prometheus sends to https://, and a new certificate without a restart", async (t) => {
    const folder = createTempFolder();
    t.after(folder.remove);
    put(folder.path, "server");
    const redis = await startRedis();
    t.after(() => redis.stop());
    const flux = await spawnService("flux", {
      REDIS_URL: redis.url,
      FLUX_API_KEYS: JSON.stringify({ [KEY]: { namespace: "n", tenant: "acme", server: "1" } }),
      FLUX_TLS_CERT_FILE: join(folder.path, "cert.pem"),
      FLUX_TLS_KEY_FILE: join(folder.path, "key.pem"),
    });
    t.after(() => flux.stop());
    const metrics = `${flux.adminUrl}/metrics`;
    const url = `https://127.0.0.1:${new URL(flux.intakeUrl).port}/prometheus/write`;
    const prometheus = await startPrometheus({
      scrape: [{ job: "flux", targets: [new URL(flux.adminUrl).host] }],
      remoteWrite: {
        url,
        authorization: { credentials: KEY },
        tls_config: { ca_file: CA_FILE },
        queue_config: QUICK_QUEUE,
      },
    });
    t.after(() => prometheus.stop());
    const stored = () => metricValue(metrics, "flux_samples_stored_total");
    await until(async () => (await stored()) > 0);

    const reload = async () => {
      const response = await fetch(`${flux.adminUrl}/-/reload`, { method: "POST" });
      return { status: response.status, text: await response.text() };
    };
    const expires = await metricValue(metrics, "flux_tls_certificate_expiry_timestamp_seconds");
    writeFileSync(join(folder.path, "cert.pem"), "junk");
    const refused = await reload();
    assert.equal(refused.status, 400);
    assert.match(refused.text, /cannot use FLUX_TLS_CERT_FILE, .*cert\.pem: there is no certificate in it/);
    await until(() => flux.logs().includes(`"The settings were not reloaded; the old ones stay"`), {
      describe: () => flux.logs(),
    });
    assert.equal(await served(flux), "first server of the tests");

    put(folder.path, "renewed");
    assert.equal((await reload()).status, 200);
    assert.equal(await served(flux), "second server of the tests");
    assert.ok((await metricValue(metrics, "flux_tls_certificate_expiry_timestamp_seconds")) < expires);

    put(folder.path, "server");
    await until(async () => (await served(flux)) === "first server of the tests");
    const before = await stored();
    await until(async () => (await stored()) > before);
    assert.equal(await metricValue(`${prometheus.url}/metrics`, "prometheus_remote_storage_samples_failed_total"), 0);
  });

  test("does not start with a certificate that it cannot use, and says in one sentence why", async (t) => {
    const folder = createTempFolder();
    t.after(folder.remove);
    put(folder.path, "server");
    const settings = { FLUX_SELF_API_KEY: KEY, REDIS_URL: "redis://127.0.0.1:1" };
    const cert = join(folder.path, "cert.pem");
    const key = fileURLToPath(new URL("renewed-key.pem", FIXTURES));
    const table: [settings: Record<string, string>, says: RegExp][] = [
      [
        { FLUX_TLS_CERT_FILE: "/no/cert.pem", FLUX_TLS_KEY_FILE: key },
        /cannot read FLUX_TLS_CERT_FILE, \/no\/cert\.pem/,
      ],
      [{ FLUX_TLS_CERT_FILE: cert, FLUX_TLS_KEY_FILE: key }, /FLUX_TLS_KEY_FILE, .*it is not the key of/],
      [{ FLUX_TLS_CERT_FILE: cert }, /FLUX_TLS_KEY_FILE is not set, and TLS needs both/],
      [{ FLUX_TLS_CLIENT_CA_FILE: CA_FILE }, /cannot use FLUX_TLS_CLIENT_CA_FILE: FLUX_TLS_CERT_FILE is not set/],
    ];
    const ends = table.map(([tls, says]) => {
      const started = spawnService("flux", { ...settings, ...tls }, { waitFor: "answers" });
      return assert.rejects(started, (error: Error) => /code 1/.test(error.message) && says.test(error.message));
    });
    await Promise.all(ends);
  });
});

/** What became of the requests of a sender that sends one after the other, until nobody listens any more. */
interface Sent {
  readonly stored: number[];
  turnedAway: number;
}

/** Sends requests over one kept connection at a time, each with a sample of its own, from this timestamp on. */
async function sendUntilRefused(flux: ServiceProcess, firstTimestampMs: number, sent: Sent): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { hostname, port } = new URL(flux.intakeUrl);
  const post = (body: Buffer) =>
    new Promise<{ status: number | undefined; headers: Record<string, unknown> }>((resolve, reject) => {
      const options = { hostname, port, path: "/prometheus/write", method: "POST", agent, headers: HEADERS };
      const sending = request(options, (response) => {
        response.resume().once("end", () => resolve({ status: response.statusCode, headers: response.headers }));
      });
      sending.once("error", reject).end(body);
    });
  for (let timestampMs = firstTimestampMs; ; timestampMs++) {
    const answer = await post(bodyAt(timestampMs)).catch((error: NodeJS.ErrnoException) => error);
    if (answer instanceof Error) {
      if (answer.code === "ECONNREFUSED") {
        return;
      }
    } else if (answer.status === 204) {
      sent.stored.push(timestampMs);
    } else {
      assert.deepEqual(
        [answer.status, answer.headers["retry-after"], answer.headers["connection"]],
        [503, "5", "close"],
      );
      sent.turnedAway++;
    }
  }
}

test("a Flux process that is told to end under load ends well: what it acknowledged is in Redis", async (t) => {
  const redis = await startRedis();
  t.after(() => redis.stop());
  const flux = await spawnService("flux", { REDIS_URL: redis.url, FLUX_SELF_API_KEY: KEY });
  t.after(() => flux.stop());
  const port = Number(new URL(flux.intakeUrl).port);
  const senders = Array.from({ length: 8 }, (): Sent => ({ stored: [], turnedAway: 0 }));
  const ends = senders.map((sent, i) => sendUntilRefused(flux, 1_000_000 * (i + 1), sent));
  await until(() => senders.every(({ stored }) => stored.length >= 20));

  const idle = await openRaw(port);
  idle.socket.write(
    Buffer.concat([Buffer.from(writeHead({ ...HEADERS, "content-length": bodyAt(1).length })), bodyAt(1)]),
  );
  await idle.receive(/ 204 /);
  const slow = await openRaw(port, writeHead({ ...HEADERS, "content-length": bodyAt(2).length }));
  await until(async () => (await metricValue(`${flux.adminUrl}/metrics`, "flux_in_flight_bytes")) > 0);
  const stopped = flux.stop();
  await until(() => senders.every(({ turnedAway }) => turnedAway > 0));
  assert.equal((await fetch(`${flux.adminUrl}/-/ready`)).status, 503);
  await idle.ended();
  slow.socket.write(bodyAt(2));
  assert.match(await slow.ended(), /^HTTP\/1\.1 204 .*connection: close/is);
  await stopped;
  await Promise.all(ends);
  assert.match(flux.logs(), /"exitCode":0/);

  const client = new Redis(redis.url);
  t.after(() => client.disconnect());
  const blocks = (await client.smembersBuffer(shardKeys("", 0).blocks)).map((bytes) => decodeBlock(bytes));
  const inRedis = new Set(blocks.flatMap((decoded) => (decoded.ok ? [...decoded.block.samples.timestampsMs] : [])));
  const acknowledged = [1, 2, ...senders.flatMap(({ stored }) => stored)];
  assert.deepEqual(
    acknowledged.filter((timestampMs) => !inRedis.has(timestampMs)),
    [],
  );
});

test("a Flux process holds no more than its bound, however many large bodies come at once", async (t) => {
  const mib = 1024 * 1024;
  const bound = 64 * mib;
  const redis = await startRedis();
  t.after(() => redis.stop());
  const flux = await spawnService("flux", {
    REDIS_URL: redis.url,
    FLUX_SELF_API_KEY: KEY,
    FLUX_MAX_IN_FLIGHT_BYTES: String(bound),
  });
  t.after(() => flux.stop());
  const peakBytes = () => peakResidentBytes(flux.pid);
  const heldBytes = () => metricValue(`${flux.adminUrl}/metrics`, "flux_in_flight_bytes");
  const before = peakBytes();
  const port = Number(new URL(flux.intakeUrl).port);
  // Not snappy, as its first bytes tell: refused once it is there as a whole.
  const body = Buffer.alloc(16 * mib, 0xff);
  const senders = await Promise.all(
    Array.from({ length: 50 }, () => openRaw(port, writeHead({ ...HEADERS, "content-length": body.length }))),
  );
  t.after(() => senders.map(({ socket }) => socket.destroy()));
  // All but the last byte: what was let in stays in memory.
  for (const { socket } of senders) {
    socket.write(body.subarray(0, -1));
  }
  const turnedAway = () => senders.filter(({ received }) => /^HTTP\/1\.1 503 .*"memory_full: .*"}$/s.test(received()));
  // A tenant's requests have three quarters of the bound: three of these bodies.
  await until(() => turnedAway().length === 47);
  assert.equal(await heldBytes(), 48 * mib);
  const away = new Set(turnedAway());
  for (const sender of senders.filter((one) => !away.has(one))) {
    sender.socket.write(body.subarray(-1));
    await sender.receive(/^HTTP\/1\.1 400 .*"malformed_snappy: /s);
  }
  assert.equal(await heldBytes(), 0);
  // Connections that stay open after their request keep nothing of it.
  for (let i = 0; i < 30; i++) {
    const kept = await openRaw(port, writeHead({ ...HEADERS, "content-length": body.length }));
    t.after(() => kept.socket.destroy());
    kept.socket.write(body);
    await kept.receive(/^HTTP\/1\.1 400 .*"malformed_snappy: /s);
    assert.doesNotMatch(kept.received(), /connection: close/i);
  }
  // 1280 MiB have come. What is measured is 1.6 to 2.2 times the bound.
  assert.ok(peakBytes() - before < 5 * bound, `grew by ${Math.round((peakBytes() - before) / mib)} MiB`);
});
