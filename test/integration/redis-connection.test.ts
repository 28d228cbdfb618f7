import assert from "node:assert/strict";
import { test } from "node:test";
import type { Redis } from "ioredis";
import { createLogger } from "../../services/shared/logger.ts";
import {
  connectRedis,
  describeRedisProblem,
  readRedisInfo,
  waitForRedis,
} from "../../services/shared/redis-connection.ts";
import { startRedis } from "../support/redis-server.ts";

const DEADLINE_MS = 20_000;

/** Unlike `once` of node:events it does not reject when the connection emits an error meanwhile. */
function eventOf(redis: Redis, name: "close" | "reconnecting" | "error"): Promise<void> {
  return new Promise((resolve) => {
    redis.once(name, () => resolve());
  });
}

interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly reason?: string;
}

/** A connection together with what it logs. */
function connect(url: string, timeoutMs: number): { redis: Redis; log: LogLine[]; text: () => string } {
  const lines: string[] = [];
  const log: LogLine[] = [];
  const logger = createLogger("test", "debug", {
    write: (line: string) => {
      lines.push(line);
      log.push(JSON.parse(line));
    },
  });
  return { redis: connectRedis(url, { name: "test", timeoutMs, logger }), log, text: () => lines.join("") };
}

test("while Redis is down commands reject at once, and after its restart they work again", async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const { redis, log } = connect(server.url, 60_000);
  t.after(() => redis.disconnect());
  await waitForRedis(redis, DEADLINE_MS);
  assert.equal(await redis.set("a", "1"), "OK");

  const lost = eventOf(redis, "close");
  await server.kill();
  await lost;
  await assert.rejects(redis.set("a", "2"));
  await assert.rejects(waitForRedis(redis, 1), /^Error: cannot reach Redis at 127\.0\.0\.1:\d+: /);
  for (let attempt = 0; attempt < 4; attempt++) {
    await eventOf(redis, "reconnecting");
    await assert.rejects(redis.set("a", "2"));
  }
  const reasons = log.filter(({ level }) => level === "warn").map(({ reason }) => reason);
  assert.equal(new Set(reasons).size, reasons.length, "the same reason was logged twice");
  assert.ok(reasons.some((reason) => reason?.includes("ECONNREFUSED")));

  await server.restart();
  await waitForRedis(redis, DEADLINE_MS);
  assert.equal(await redis.set("a", "3"), "OK");
  assert.equal(log.filter(({ msg }) => msg === "Connected to Redis").length, 2);
});

test("a command on its way when the connection is lost rejects, and is not sent again", async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const { redis } = connect(server.url, 60_000);
  t.after(() => redis.disconnect());
  await waitForRedis(redis, DEADLINE_MS);
  const waiting = redis.blpop("list", 0);
  const rejected = assert.rejects(waiting);
  await server.kill();
  await rejected;
  await server.restart();
  await waitForRedis(redis, DEADLINE_MS);
  assert.equal(await redis.rpush("list", "kept"), 1);
  assert.equal(await redis.llen("list"), 1);
});

test("a Redis that hangs makes commands reject in time, and is found again when it goes on", async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const { redis } = connect(server.url, 300);
  t.after(() => redis.disconnect());
  await waitForRedis(redis, DEADLINE_MS);
  process.kill(server.pid, "SIGSTOP");
  try {
    const lost = eventOf(redis, "close");
    const startMs = performance.now();
    await assert.rejects(redis.get("a"), /timed out/i);
    assert.ok(performance.now() - startMs < 5000);
    await lost;
  } finally {
    process.kill(server.pid, "SIGCONT");
  }
  await waitForRedis(redis, DEADLINE_MS);
  assert.equal(await redis.get("a"), null);
});

test("a wrong password is given as the reason, and no password is logged", async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const first = connect(server.url, 5000);
  t.after(() => first.redis.disconnect());
  await waitForRedis(first.redis, DEADLINE_MS);
  await first.redis.config("SET", "requirepass", "right-secret");
  const withPassword = (password: string) => server.url.replace("redis://", `redis://:${password}@`);

  const wrong = connect(withPassword("wrong-secret"), 5000);
  t.after(() => wrong.redis.disconnect());
  await eventOf(wrong.redis, "error");
  await assert.rejects(waitForRedis(wrong.redis, 1000), /WRONGPASS/);
  assert.ok(wrong.log.some(({ reason }) => reason?.includes("WRONGPASS")));
  assert.ok(!wrong.text().includes("secret"), wrong.text());

  const right = connect(withPassword("right-secret"), 5000);
  t.after(() => right.redis.disconnect());
  await waitForRedis(right.redis, DEADLINE_MS);
  assert.ok(!right.text().includes("secret"), right.text());
  await first.redis.config("SET", "requirepass", "");
});

test("a socket of this machine is connected to, as whom and to what its URL says, and again when Redis is back", async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const admin = connect(server.url, 5000);
  t.after(() => admin.redis.disconnect());
  await waitForRedis(admin.redis, DEADLINE_MS);
  await admin.redis.acl("SETUSER", "writer", "on", ">right-secret", "~*", "+@all");
  const { redis, log, text } = connect(`${server.socketUrl}?db=2&username=writer&password=right-secret`, 5000);
  t.after(() => redis.disconnect());
  await waitForRedis(redis, DEADLINE_MS);
  await redis.set("a", "1");
  assert.equal(await redis.acl("WHOAMI"), "writer");
  await admin.redis.select(2);
  assert.equal(await admin.redis.get("a"), "1");
  assert.ok(!text().includes("secret"), text());

  const gone = connect(server.socketUrl, 5000);
  t.after(() => gone.redis.disconnect());
  await waitForRedis(gone.redis, DEADLINE_MS);
  await server.kill();
  await server.restart();
  await waitForRedis(gone.redis, DEADLINE_MS);
  assert.ok(log.length > 0, "the lost connection was not logged");
});

test("a failure without a message, as of a name with several addresses, is logged by its code", () => {
  const { redis, log } = connect("redis://127.0.0.1:1", 5000);
  redis.emit("error", Object.assign(new AggregateError([]), { code: "ECONNREFUSED" }));
  redis.disconnect();
  assert.equal(log[0]?.reason, "ECONNREFUSED");
});

test("waiting ends when the connection is closed from our side", async () => {
  const { redis } = connect("redis://127.0.0.1:1", 5000);
  const waiting = assert.rejects(waitForRedis(redis, 60_000), /^Error: cannot reach Redis at 127\.0\.0\.1:1: /);
  redis.disconnect();
  await waiting;
  await assert.rejects(waitForRedis(redis, 60_000), /closed from this side/);
});

test("a real Redis is judged by how it keeps its data", async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const { redis } = connect(server.url, 5000);
  t.after(() => redis.disconnect());
  await waitForRedis(redis, DEADLINE_MS);
  const judge = async (settings: Record<string, string>) => {
    for (const [name, value] of Object.entries(settings)) {
      await redis.config("SET", name, value);
    }
    return describeRedisProblem(await readRedisInfo(redis));
  };
  const durable = { appendonly: "yes", appendfsync: "always", "maxmemory-policy": "noeviction" };
  assert.deepEqual(await judge(durable), { warn: [] });
  assert.match((await judge({ ...durable, "maxmemory-policy": "allkeys-lru" })).refuse ?? "", /allkeys-lru/);
  assert.match((await judge({ ...durable, appendfsync: "everysec" })).warn.join(), /once a second/);
  assert.match((await judge({ ...durable, appendonly: "no" })).warn.join(), /no append-only file/);
});
