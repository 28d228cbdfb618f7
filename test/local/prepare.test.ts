import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  buildIsStale,
  dependenciesAreMissing,
  ensureBuild,
  nodeFault,
  PrepareProblem,
} from "../../services/local/prepare.mjs";
import { createTempFolder } from "../support/temp-folder.ts";

test("a Node that is too old is refused with a sentence", () => {
  const isFine = (version: string) => nodeFault(version) === undefined;
  assert.deepEqual(["20.19.0", "20.20.2", "22.0.0", "24.1.0"].filter(isFine).length, 4);
  assert.deepEqual(["18.20.0", "20.18.9", "16.0.0"].filter(isFine), []);
  assert.match(nodeFault("18.20.0") ?? "", /^cannot run on Node 18\.20\.0: Node 20\.19 or newer is needed/);
});

test("packages are missing until those that the lock file names are installed", (t) => {
  const root = projectFolder(t);
  const lock = (packages: object) => JSON.stringify({ packages });
  const wanted = {
    "": { version: "9" },
    "node_modules/a": { version: "1.0.0" },
    "node_modules/for-other-systems": { version: "1.0.0", optional: true },
  };
  writeFileSync(join(root, "package-lock.json"), lock(wanted));
  assert.equal(dependenciesAreMissing(root), true);
  mkdirSync(join(root, "node_modules"));
  const installed = join(root, "node_modules/.package-lock.json");
  writeFileSync(installed, lock({ "node_modules/a": { version: "1.0.0" } }));
  assert.equal(dependenciesAreMissing(root), false);
  writeFileSync(installed, lock({ "node_modules/a": { version: "0.9.0" } }));
  assert.equal(dependenciesAreMissing(root), true);
  writeFileSync(installed, lock({}));
  assert.equal(dependenciesAreMissing(root), true);
});

test("a project is built once for each state of its sources", async (t) => {
  const root = projectFolder(t);
  const build = `node -e "const fs=require('fs');fs.mkdirSync('dist',{recursive:true});fs.appendFileSync('dist/built','x')"`;
  writeFileSync(join(root, "package.json"), JSON.stringify({ name: "x", scripts: { build } }));
  mkdirSync(join(root, "services/deep"), { recursive: true });
  writeFileSync(join(root, "services/deep/a.ts"), "1");
  const lines: string[] = [];
  const built = () => readFileSync(join(root, "dist/built"), "utf8");
  await ensureBuild(root, (line) => lines.push(line));
  await ensureBuild(root, (line) => lines.push(line));
  assert.equal(built(), "x");
  writeFileSync(join(root, "services/deep/a.ts"), "2");
  assert.equal(buildIsStale(root), true);
  await Promise.all([1, 2].map(() => ensureBuild(root, (line) => lines.push(line))));
  assert.equal(built(), "xx");
  assert.equal(lines.length, 2);
});

test("a build that fails shows what it wrote, and is tried again", async (t) => {
  const root = projectFolder(t);
  writeFileSync(
    join(root, "package.json"),
    JSON.stringify({ name: "x", scripts: { build: "echo the reason; exit 3" } }),
  );
  await assert.rejects(
    ensureBuild(root, () => undefined),
    (error) => error instanceof PrepareProblem && /the reason[\s\S]*cannot build/.test(error.message),
  );
  assert.equal(buildIsStale(root), true);
});

function projectFolder(t: { after(fn: () => void): void }): string {
  const folder = createTempFolder();
  t.after(folder.remove);
  return folder.path;
}
