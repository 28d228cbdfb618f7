import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lockDataFolder, prepareDataFolder } from "../../services/local/data-folder.ts";
import { LocalProblem } from "../../services/local/local-problem.ts";
import { createTempFolder } from "../support/temp-folder.ts";

test("a data folder is created with all that the servers need", (t) => {
  const folder = createTempFolder();
  t.after(folder.remove);
  const data = prepareDataFolder(join(folder.path, "deep/data"));
  assert.equal(data.redis, join(folder.path, "deep/data/redis"));
  assert.ok([data.redis, data.victoriaMetrics, data.demo, data.logs].every((path) => existsSync(path)));
});

test("the local Redis has a socket where the system has room for its path", (t) => {
  const folder = createTempFolder();
  t.after(folder.remove);
  const { redisSocket } = prepareDataFolder(join(folder.path, "data"));
  assert.equal(redisSocket, join(folder.path, "data/redis/redis.sock"));
  assert.equal(prepareDataFolder(join(folder.path, "d".repeat(100))).redisSocket, undefined);
});

test("a data folder that cannot be written to is a problem that names DATA_DIR", (t) => {
  const folder = createTempFolder();
  t.after(folder.remove);
  writeFileSync(join(folder.path, "file"), "");
  const path = join(folder.path, "file/data");
  assert.throws(
    () => prepareDataFolder(path),
    (error) => error instanceof LocalProblem && error.message.includes(path) && error.message.includes("set DATA_DIR"),
  );
});

test("a data folder has one user at a time", async (t) => {
  const folder = createTempFolder();
  t.after(folder.remove);
  const lock = await lockDataFolder(folder.path);
  await assert.rejects(
    lockDataFolder(folder.path),
    (error) => error instanceof LocalProblem && error.message.includes("set DATA_DIR"),
  );
  await new Promise((resolve) => lock?.close(resolve));
  const again = await lockDataFolder(folder.path);
  again?.close();
});
