import assert from "node:assert/strict";
import { test } from "node:test";
import { redisAddress, redisSocketUrl } from "../../services/shared/redis-address.ts";

test("a Redis of the network has host, port, database, and who connects", () => {
  assert.deepEqual(redisAddress("redis://db"), { host: "db", port: 6379, db: 0 });
  assert.deepEqual(redisAddress("redis://[::1]:6390/3"), { host: "::1", port: 6390, db: 3 });
  assert.deepEqual(redisAddress("redis://:p%40ss%2Fword@db"), { host: "db", port: 6379, db: 0, password: "p@ss/word" });
  assert.deepEqual(redisAddress("rediss://me:secret@db:1/2"), {
    ...{ host: "db", port: 1, db: 2, username: "me", password: "secret" },
    tls: {},
  });
});

test("a Redis of this machine has the path of a socket", () => {
  assert.deepEqual(redisAddress("unix:///run/redis/redis.sock"), { path: "/run/redis/redis.sock", db: 0 });
  assert.deepEqual(redisAddress("unix:///r.sock?db=2&username=me&password=p%26q"), {
    ...{ path: "/r.sock", db: 2 },
    ...{ username: "me", password: "p&q" },
  });
});

test("the URL of a socket leads to its path, whatever the path is made of", () => {
  const path = "/data of Zoë/50% ?#/redis.sock";
  assert.deepEqual(redisAddress(redisSocketUrl(path)), { path, db: 0 });
});
