import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { LocalProblem } from "../../services/local/local-problem.ts";
import { loadOrCreateSelfKey } from "../../services/local/self-key.ts";
import { createTempFolder } from "../support/temp-folder.ts";

test("the key is made once, kept for its owner alone, and found again", (t) => {
  const folder = createTempFolder();
  t.after(folder.remove);
  const file = join(folder.path, "self-api-key");
  const key = loadOrCreateSelfKey(file);
  assert.match(key, /^[0-9a-f]{48}$/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(loadOrCreateSelfKey(file), key);
  assert.notEqual(loadOrCreateSelfKey(join(folder.path, "other")), key);
});

test("a file without a usable key is a problem that names it", (t) => {
  const folder = createTempFolder();
  t.after(folder.remove);
  const file = join(folder.path, "self-api-key");
  writeFileSync(file, "short\n");
  assert.throws(
    () => loadOrCreateSelfKey(file),
    (error) => error instanceof LocalProblem && error.message.includes(file),
  );
});
