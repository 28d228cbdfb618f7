import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { LocalProblem } from "../../../services/local/local-problem.ts";
import { createPartFolder, readPartRecord } from "../../../services/local/parts/part-folder.ts";
import { createTempFolder } from "../../support/temp-folder.ts";

const RECORD = { version: "1", sha256: "abc" };

test("several processes may fetch a part at once: one result stays, whole, and nothing else", async (t) => {
  const parts = createTempFolder();
  t.after(parts.remove);
  const folder = join(parts.path, "thing");
  let waiting = 0;
  let open: () => void = () => undefined;
  const allWait = new Promise<void>((resolve) => {
    open = resolve;
  });
  const fill = async (target: string) => {
    writeFileSync(join(target, "program"), "content");
    if (++waiting === 3) {
      open();
    }
    await allWait;
    return RECORD;
  };
  const records = await Promise.all([1, 2, 3].map(() => createPartFolder(folder, parts.path, fill)));
  assert.deepEqual(records, [RECORD, RECORD, RECORD]);
  assert.deepEqual(readdirSync(parts.path), ["thing"]);
  assert.equal(readFileSync(join(folder, "program"), "utf8"), "content");
  assert.deepEqual(readPartRecord(folder), RECORD);
});

test("a part that could not be fetched leaves nothing behind", async (t) => {
  const parts = createTempFolder();
  t.after(parts.remove);
  const folder = join(parts.path, "thing");
  const failing = createPartFolder(folder, parts.path, () => Promise.reject(new Error("no network")));
  await assert.rejects(failing, /no network/);
  assert.deepEqual(readdirSync(parts.path), []);
});

test("a folder that is not whole does not count, and is replaced", async (t) => {
  const parts = createTempFolder();
  t.after(parts.remove);
  const folder = join(parts.path, "thing");
  mkdirSync(folder);
  writeFileSync(join(folder, "half"), "");
  assert.equal(readPartRecord(folder), undefined);
  await createPartFolder(folder, parts.path, () => Promise.resolve(RECORD));
  assert.deepEqual(readPartRecord(folder), RECORD);
  assert.ok(!existsSync(join(folder, "half")));
});

test("what a killed process has left behind is removed, and what another works on is not", async (t) => {
  const parts = createTempFolder();
  t.after(parts.remove);
  const [old, fresh] = [".fetching-old", ".fetching-new"].map((name) => join(parts.path, name));
  assert.ok(old && fresh);
  mkdirSync(old);
  mkdirSync(fresh);
  utimesSync(old, 0, 0);
  await createPartFolder(join(parts.path, "thing"), parts.path, () => Promise.resolve(RECORD));
  assert.deepEqual(readdirSync(parts.path).sort(), [".fetching-new", "thing"]);
});

test("a parts folder that cannot be written to is a problem that names LOCAL_PARTS_DIR", async (t) => {
  const parts = createTempFolder();
  t.after(parts.remove);
  const file = join(parts.path, "file");
  writeFileSync(file, "");
  await assert.rejects(
    createPartFolder(join(file, "thing"), file, () => Promise.resolve(RECORD)),
    (error) => error instanceof LocalProblem && error.message.includes("set LOCAL_PARTS_DIR"),
  );
});
