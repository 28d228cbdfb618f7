import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { rotateLog, tellingLines, trimLog } from "../../../services/local/supervise/log-file.ts";
import { createTempFolder } from "../../support/temp-folder.ts";

test("the log of the run before is kept once, under another name", (t) => {
  const folder = createTempFolder();
  t.after(folder.remove);
  const path = join(folder.path, "x.log");
  rotateLog(path);
  assert.ok(!existsSync(`${path}.1`));
  writeFileSync(path, "first\n");
  rotateLog(path);
  writeFileSync(path, "second\n");
  rotateLog(path);
  assert.ok(!existsSync(path));
  assert.equal(readFileSync(`${path}.1`, "utf8"), "second\n");
});

test("a log that grows too large is moved aside in place", (t) => {
  const folder = createTempFolder();
  t.after(folder.remove);
  const path = join(folder.path, "x.log");
  writeFileSync(path, "12345");
  trimLog(path, 5);
  assert.equal(readFileSync(path, "utf8"), "12345");
  trimLog(path, 4);
  assert.equal(readFileSync(path, "utf8"), "");
  assert.equal(readFileSync(`${path}.1`, "utf8"), "12345");
});

test("of a log of any length the lines are shown that tell why its writer ended", (t) => {
  const folder = createTempFolder();
  t.after(folder.remove);
  const path = join(folder.path, "x.log");
  writeFileSync(path, `${"x".repeat(10_000)}\none\ntwo\nthree\n`);
  assert.deepEqual(tellingLines(path, 2), ["two", "three"]);
  writeFileSync(path, "starting\nError: no such file\n    at main.js:1\n# Can't load module\nbye\n");
  assert.deepEqual(tellingLines(path, 3), ["Error: no such file", "# Can't load module"]);
});
