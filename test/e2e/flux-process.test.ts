import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { Redis } from "ioredis";
import { decodeBlock } from "../../services/shared/block.ts";
import { serversKey, shardKeys } from "../../services/shared/buffer-keys.ts";
import { generationAt } from "../../services/shared/generation.ts";
import { metricValue } from "../support/metric-value.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { type ServiceProcess, spawnService } from "../support/service.ts";
import { untilNothingIsMissing } from "../support/until.ts";
import { type SeriesSpec, writeRequestBody } from "../support/write-request.ts";

const KEY = "self-key-of-the-test";

describe("a Flux process", () => {
  let server: RedisServer;
  let redis: Redis;
  let flux: ServiceProcess;
  const keys = shardKeys("", 0);

  before(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
    redis.on("error", () => undefined);
    flux = await spawnService("flux", {
      REDIS_URL: server.url,
      FLUX_API_KEYS: JSON.stringify({ [KEY]: { namespace: "n", tenants: ["acme", "other"] } }),
      REDIS_TIMEOUT_MS: "1000",
    });
  });
  after(async () => {
    redis?.disconnect();
    await flux?.stop();
    await server?.stop();
  });

  const send = (series: readonly SeriesSpec[], headers: Record<string, string> = {}) =>
    fetch(`${flux.intakeUrl}/prometheus/write`, {
      method: "POST",
      headers: { key: KEY, "x-tenant-id": "acme", "x-server-id": "1", "content-encoding": "snappy", ...headers },
      body: new Uint8Array(writeRequestBody(series)),
    });
  const one = (name: string, timestampMs: number): SeriesSpec => ({
    labels: { __name__: name },
    samples: [{ timestampMs, value: 1 }],
  });
  const storedTimes = async () => {
    const blocks = (await redis.smembersBuffer(keys.blocks)).map((bytes) => decodeBlock(bytes));
    const times = blocks.flatMap((decoded) => (decoded.ok ? [...decoded.block.samples.timestampsMs] : []));
    return [...new Set(times)].sort((a, b) => a - b);
  };

  test("has every sample in Redis when it answers 204", async () => {
    assert.equal((await send([one("a", 1), one("b", 2)])).status, 204);
    assert.deepEqual(await storedTimes(), [1, 2]);
  });

  test("stores a request that is sent twice once", async () => {
    for (let i = 0; i < 2; i++) {
      assert.equal((await send([one("a", 1), one("b", 2)])).status, 204);
    }
    assert.equal(await redis.scard(keys.blocks), 1);
  });

  test("stores the valid series beside an invalid one, and says which was refused", async () => {
    const invalid = { labels: { job: "nameless" }, samples: [{ timestampMs: 3, value: 1 }] };
    const response = await send([invalid, one("c", 4)]);
    assert.equal(response.status, 400);
    assert.match(await response.text(), /1 of 2 samples refused.*missing_metric_name.*nameless/);
    assert.deepEqual(await storedTimes(), [1, 2, 4]);
  });

  test("knows a series of a JSON payload as the one that remote-write has sent", async () => {
    const active = () => redis.hget(keys.activeSeries(generationAt(Date.now())), "acme");
    const before = await active();
    const response = await fetch(`${flux.intakeUrl}/prometheus/write`, {
      method: "POST",
      headers: {
        "x-tenant-id": "acme",
        "x-server-id": "1",
        "content-type": "application/json",
        "content-encoding": "gzip",
      },
      body: new Uint8Array(
        gzipSync(JSON.stringify({ key: KEY, metrics: [{ metric: "a", timestamp: 1_700_000_000_001, value: 1 }] })),
      ),
    });
    assert.equal(response.status, 204, await response.text());
    assert.equal(await active(), before);
    assert.deepEqual(await storedTimes(), [1, 2, 4, 1_700_000_000_001]);
    await redis.del(keys.blocks);
    await send([one("a", 1), one("b", 2), one("c", 4)]);
  });

  test("keeps the URL of the server that sends", async () => {
    await send([one("a", 1)], { "x-server-url": "https://prometheus.example" });
    assert.equal(await redis.hget(serversKey(""), "acme\x001"), "https://prometheus.example");
  });

  test("refuses a key for a tenant that is not its own, and stores nothing", async () => {
    const response = await send([one("spoofed", 5)], { "x-tenant-id": "elsewhere" });
    assert.equal(response.status, 403);
    assert.doesNotMatch(await response.text(), /acme|other/, "the answer names no other tenant");
    assert.deepEqual(await storedTimes(), [1, 2, 4]);
  });

  test("answers 503 while Redis is away, and 204 as soon as it is back, without a restart", async () => {
    await server.kill();
    const away = await send([one("d", 6)]);
    assert.equal(away.status, 503);
    assert.equal(away.headers.get("retry-after"), "5");
    assert.equal((await fetch(`${flux.adminUrl}/-/ready`)).status, 503);
    await server.restart();
    await untilNothingIsMissing(async () =>
      (await send([one("d", 6)])).status === 204 ? undefined : "Flux does not store again",
    );
    assert.deepEqual(await storedTimes(), [1, 2, 4, 6], "what Redis had confirmed before it was killed is still there");
  });

  test("balances its accounts: received = stored + dropped + refused", async () => {
    const total = (name: string) => metricValue(`${flux.adminUrl}/metrics`, `flux_samples_${name}_total`);
    const received = await total("received");
    assert.ok(received > 0);
    assert.equal(received, (await total("stored")) + (await total("dropped")) + (await total("refused")));
  });

  test("ends a request that was under way before it ends itself", async () => {
    const { hostname, port } = new URL(flux.intakeUrl);
    const socket = connect(Number(port), hostname);
    const body = writeRequestBody([one("e", 7)]);
    const identity = `key: ${KEY}\r\nx-tenant-id: acme\r\nx-server-id: 1\r\ncontent-encoding: snappy\r\n`;
    const head = `POST /prometheus/write HTTP/1.1\r\nhost: x\r\n${identity}content-length: ${body.length}\r\n\r\n`;
    // A whole request first: Flux has accepted the connection when it is answered.
    socket.write(Buffer.concat([Buffer.from(head), body]));
    await once(socket, "data");
    socket.write(Buffer.concat([Buffer.from(head), body.subarray(0, 5)]));
    // And a later one on another connection: when that is answered, the half one has been taken up.
    assert.equal((await send([one("a", 1)])).status, 204);
    const stopped = flux.stop();
    await untilNothingIsMissing(async () =>
      flux.logs().includes("Stopping") ? undefined : "Flux has not begun to stop",
    );
    socket.write(body.subarray(5));
    const [answer] = await once(socket, "data");
    assert.match(String(answer), /^HTTP\/1.1 204 /);
    socket.destroy();
    await stopped;
    assert.match(flux.logs(), /"exitCode":0/);
    assert.deepEqual(await storedTimes(), [1, 2, 4, 6, 7]);
  });
});

describe("Flux does not start, and says in one sentence why,", () => {
  const ends = async (settings: Record<string, string>, says: RegExp) => {
    const problem = await spawnService("flux", settings, { waitFor: "answers" }).then(
      (flux) => flux.stop().then(() => "it started"),
      (error: Error) => error.message,
    );
    assert.match(problem, /exit code 1|code 1/);
    assert.match(problem, says);
  };

  test("without a Redis to write to", () => ends({ FLUX_SELF_API_KEY: KEY }, /REDIS_URL is not set/));

  test("without any key", () => ends({ REDIS_URL: "redis://127.0.0.1:1" }, /FLUX_SELF_API_KEY or FLUX_API_KEYS/));

  test("with settings that are wrong, all of them at once", () =>
    ends({ FLUX_PORT: "eighty", DROP_METRICS: "['a'" }, /FLUX_PORT.*DROP_METRICS|DROP_METRICS.*FLUX_PORT/s));

  test("with a rule that does not compile", () =>
    ends(
      { FLUX_SELF_API_KEY: KEY, REDIS_URL: "redis://127.0.0.1:1", DROP_METRICS: '["(open"]' },
      /DROP_METRICS.*\(open/,
    ));

  test("with a Redis that evicts", async (t) => {
    const evicting = await startRedis({ args: ["--maxmemory-policy", "allkeys-lru"] });
    t.after(() => evicting.stop());
    const flux = await spawnService(
      "flux",
      { FLUX_SELF_API_KEY: KEY, REDIS_URL: evicting.url },
      { waitFor: "answers" },
    ).catch((error: Error) => error);
    const said = flux instanceof Error ? flux.message : `${await flux.ended()} ${flux.logs()}`;
    assert.match(said, /maxmemory-policy is allkeys-lru.*noeviction/);
    assert.match(said, /code 1/);
  });
});
