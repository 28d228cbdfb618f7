import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Redis } from "ioredis";
import { shardKeys, skylineKeys } from "../../services/shared/buffer-keys.ts";
import { STALE_NAN_BITS } from "../../services/shared/series.ts";
import { metricValue } from "../support/metric-value.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { type ServiceProcess, spawnService } from "../support/service.ts";
import { readSkylineMember } from "../support/skyline-reader.ts";
import { until } from "../support/until.ts";
import { type SeriesSpec, writeRequestBody } from "../support/write-request.ts";

const KEY = "self-key-of-the-test";

describe("a Flux process that writes for Skyline's Horizon", () => {
  let server: RedisServer;
  let redis: Redis;
  let flux: ServiceProcess;
  const keys = skylineKeys("");
  const identity = { key: KEY, "x-tenant-id": "1", "x-server-id": "2" };

  before(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
    redis.on("error", () => undefined);
    flux = await spawnService("flux", {
      REDIS_URL: server.url,
      FLUX_SELF_API_KEY: KEY,
      BUFFER_FORMAT: "skyline",
      REDIS_TIMEOUT_MS: "1000",
    });
  });
  after(async () => {
    redis?.disconnect();
    await flux?.stop();
    await server?.stop();
  });

  const post = (body: Uint8Array | string, headers: Record<string, string>) =>
    fetch(`${flux.intakeUrl}/flux/prometheus/write`, { method: "POST", headers: { ...identity, ...headers }, body });
  const send = (series: readonly SeriesSpec[], headers: Record<string, string> = {}) =>
    post(new Uint8Array(writeRequestBody(series)), { "content-encoding": "snappy", ...headers });
  /** The set's members; it is empty afterwards, as when Skyline's Horizon has renamed it. */
  const take = async () => {
    const members = await redis.smembers(keys.members);
    await redis.del(keys.members);
    return members.sort();
  };
  const total = (name: string, ...labels: string[]) =>
    metricValue(`${flux.adminUrl}/metrics`, `flux_samples_${name}_total`, ...labels);

  test("puts the samples of remote-write into Skyline's set, as Skyline's own Flux does", async () => {
    const timestampMs = 1_795_227_065_503;
    const series: SeriesSpec[] = [
      {
        labels: { __name__: "up", instance: "a:1", job: "node", monitor: "master" },
        samples: [{ timestampMs, value: 1 }],
      },
      {
        labels: { __name__: "m", _tenant_id: "other", path: 'C:\\x "y"}\n' },
        samples: [
          { timestampMs: 1, value: 1e21 },
          { timestampMs: 2, value: Number.NEGATIVE_INFINITY },
          { timestampMs: 3, value: STALE_NAN_BITS },
        ],
      },
      { labels: { __name__: "bare" }, samples: [{ timestampMs, value: 123456789012345680 }] },
    ];
    const response = await send(series, { "x-server-url": "https://prometheus.example" });
    assert.equal(response.status, 204, await response.text());
    const members = await take();
    assert.deepEqual(members, [
      '1 2 1 1e+21 m{_tenant_id="1",_server_id="2",path="C:\\\\x \\"y\\"}\\n"}',
      '1 2 1795227065503 1.0 up{_tenant_id="1",_server_id="2",instance="a:1",job="node"}',
      '1 2 1795227065503 1.2345678901234568e+17 bare{_tenant_id="1",_server_id="2"}',
      '1 2 2 -inf m{_tenant_id="1",_server_id="2",path="C:\\\\x \\"y\\"}\\n"}',
    ]);
    assert.deepEqual(
      members.map((member) => readSkylineMember(member).labels["path"]),
      ['C:\\x "y"}\n', undefined, undefined, 'C:\\x "y"}\n'],
    );
    assert.deepEqual(await redis.hgetall(keys.servers), { "1.2": "https://prometheus.example" });
    assert.deepEqual(await redis.keys(`${shardKeys("", 0).blocks}*`), [], "no block is written");
    assert.equal(await total("dropped", 'tenant="1"', 'reason="nan_not_storable"'), 1);
  });

  test("puts the items of a JSON payload there as well, and a request that is sent twice once", async () => {
    const metrics = [
      { metric: 'up{job="node, x"}', timestamp: 1_700_000_000, value: 2 },
      { metric: "bare", timestamp: 1_700_000_000_500, value: "0.25" },
    ];
    for (let i = 0; i < 2; i++) {
      const response = await post(JSON.stringify({ key: KEY, metrics }), { "content-type": "application/json" });
      assert.equal(response.status, 204, await response.text());
    }
    assert.deepEqual(await take(), [
      '1 2 1700000000000 2.0 up{_tenant_id="1",_server_id="2",job="node, x"}',
      '1 2 1700000000500 0.25 bare{_tenant_id="1",_server_id="2"}',
    ]);
  });

  test("tells the sender of series that Skyline could not read, and stores the others", async () => {
    const samples = [{ timestampMs: 1, value: 1 }];
    const long = { labels: { __name__: "long", a: "x".repeat(4090) }, samples };
    const reserved = { labels: { __name__: "up", __replica__: "a" }, samples };
    const response = await send([long, reserved, { labels: { __name__: "fine" }, samples }]);
    assert.equal(response.status, 400);
    assert.match(await response.text(), /2 of 3 samples refused.*series_too_long.*at most 4096 characters/);
    assert.deepEqual(await take(), ['1 2 1 1.0 fine{_tenant_id="1",_server_id="2"}']);
    assert.equal(await total("refused", 'reason="not_readable_by_skyline"'), 1);
  });

  test("answers 503 while Redis is away, and stores again as soon as it is back", async () => {
    const sample = [{ labels: { __name__: "late" }, samples: [{ timestampMs: 1, value: 1 }] }];
    await server.kill();
    assert.equal((await send(sample)).status, 503);
    await server.restart();
    await until(async () => (await send(sample)).status === 204, { describe: () => flux.logs() });
    assert.deepEqual(await take(), ['1 2 1 1.0 late{_tenant_id="1",_server_id="2"}']);
  });

  test("balances its accounts: received = stored + dropped + refused", async () => {
    const received = await total("received");
    assert.ok(received > 0);
    assert.equal(received, (await total("stored")) + (await total("dropped")) + (await total("refused")));
  });
});
