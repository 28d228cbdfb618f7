import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { Redis } from "ioredis";
import { pickFreePort } from "../../services/local/ports.ts";
import { shardKeys } from "../../services/shared/buffer-keys.ts";
import { runFlux } from "../command/support/run.ts";
import { createBufferFiller } from "../horizon/support/buffer-filler.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";

const PREFIX = "try:";
const keys = shardKeys(PREFIX, 1);
const BLOCK = { generation: 497_000, samples: [[{ __name__: "up", job: "a" }, 1_700_000_000_000, 1.5]] } as const;
const UNKNOWN = { generation: 497_000, samples: [[{ __name__: "lost" }, 1_700_000_000_000, 2]] } as const;

describe("flux inspect on Redis", () => {
  let server: RedisServer;
  let redis: Redis;

  before(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
  });
  after(async () => {
    redis?.disconnect();
    await server?.stop();
  });
  beforeEach(() => redis.flushall());

  const inspect = (...args: string[]) => runFlux(["inspect", ...args], { env: { REDIS_URL: server.url } });

  test("prints blocks with the names of their series from the registry of their shard", async () => {
    const filler = await createBufferFiller(redis, PREFIX, 1);
    await filler.write(BLOCK);
    const { code, stdout } = await inspect("--key", keys.blocks);
    assert.equal(code, 0);
    assert.match(stdout, /^1 of 1 blocks in try:flux\.prometheus_metrics\.\{flux:1\}\nblock of /);
    const sample = `  ${filler.idOf(BLOCK, BLOCK.samples[0][0])}  1700000000000  2023-11-14T22:13:20.000Z  1.5`;
    assert.ok(stdout.endsWith(`${sample}  up{_tenant_id="t1",_server_id="s1",job="a"}\n`), stdout);
  });

  test("finds a name in another hour of the registry, and says of a series that it has none", async () => {
    const filler = await createBufferFiller(redis, PREFIX, 1);
    await filler.register({ ...BLOCK, generation: 496_998 });
    const both = { ...BLOCK, samples: [...BLOCK.samples, ...UNKNOWN.samples] };
    await filler.writeUnregistered(both);
    const { code, stdout } = await inspect("--key", keys.blocks, "--redis", server.url);
    assert.equal(code, 0);
    assert.match(stdout, / 1\.5 {2}up\{.*\n.* 2 {2}\(not in the registry\)\n$/);
  });

  test("reads claims and parked blocks as well, as many as it is told to, and fails when one is damaged", async () => {
    const filler = await createBufferFiller(redis, PREFIX, 1);
    await filler.write(BLOCK);
    await redis.rename(keys.blocks, keys.claim("c1"));
    assert.match((await inspect("--key", keys.claim("c1"))).stdout, /1 of 1 blocks.*\n[\s\S]* up\{/);

    await redis.zadd(keys.parked, 5, "not a block", 9, "nor this");
    const { code, stdout } = await inspect("--key", keys.parked, "--blocks", "1");
    assert.equal(code, 1);
    assert.match(stdout, /^1 of 2 blocks .*\nblock of 11 bytes, .*\n {2}damaged: malformed at byte 11: /);
  });

  test("says why it cannot: no such key, another type, no Redis", async () => {
    const { code, stderr } = await inspect("--key", keys.blocks);
    assert.equal(code, 2);
    assert.match(stderr, /^flux inspect: cannot read try:flux.*: there is no such key/);
    await redis.hset("h", "a", "b");
    assert.match((await inspect("--key", "h")).stderr, /cannot read h: it is a hash/);
    const nowhere = `redis://127.0.0.1:${await pickFreePort("127.0.0.1")}`;
    const gone = await inspect("--key", "x", "--redis", nowhere);
    assert.equal(gone.code, 2);
    assert.match(gone.stderr, /cannot reach Redis at 127\.0\.0\.1:\d+: .*ECONNREFUSED/);
  });
});
