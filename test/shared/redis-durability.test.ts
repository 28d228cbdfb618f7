import assert from "node:assert/strict";
import { test } from "node:test";
import { describeRedisProblem } from "../../services/shared/redis-durability.ts";

const info = (fields: Record<string, string>) =>
  ["# Memory", ...Object.entries(fields).map(([name, value]) => `${name}:${value}`), ""].join("\r\n");

test("a Redis that may evict keys is refused, with the line to set", () => {
  for (const policy of ["allkeys-lru", "volatile-ttl", "volatile-lru", "allkeys-random"]) {
    const { refuse } = describeRedisProblem(info({ maxmemory: "0", maxmemory_policy: policy }));
    assert.ok(refuse?.includes(`maxmemory-policy is ${policy}`), policy);
    assert.ok(refuse?.includes("`maxmemory-policy noeviction`"));
  }
  assert.equal(describeRedisProblem(info({ maxmemory_policy: "noeviction" })).refuse, undefined);
});

test("a Redis that can lose what it confirmed is warned of", () => {
  const check = (fields: Record<string, string>, want: RegExp | undefined) => {
    const { warn, refuse } = describeRedisProblem(info({ maxmemory_policy: "noeviction", ...fields }));
    assert.equal(refuse, undefined);
    assert.equal(warn.length, want ? 1 : 0);
    assert.match(warn.join(), want ?? /^$/);
  };
  check({ aof_enabled: "0" }, /`appendonly yes`/);
  check({ aof_enabled: "0", appendfsync: "everysec" }, /`appendonly yes`/);
  check({ aof_enabled: "1", appendfsync: "everysec" }, /power cut loses the last second/);
  check({ aof_enabled: "1", appendfsync: "no" }, /half a minute/);
  check({ aof_enabled: "1", appendfsync: "always" }, undefined);
  check({ aof_enabled: "1" }, undefined);
});

test("what a Redis does not say is not judged", () => {
  assert.deepEqual(describeRedisProblem(""), { warn: [] });
});
