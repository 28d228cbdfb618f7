import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { projectRoot } from "../../services/local/project-root.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const MAIN = join(projectRoot(import.meta.url), "dist/services/local/main.js");

/** Runs `npm start`'s own part to its end with settings under which it cannot start. */
function runMain(settings: Record<string, string>, args: string[] = []) {
  const env = { PATH: "/usr/bin:/bin", ...settings };
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env, timeout: 30_000 }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

test("a port that is taken ends the start with one sentence that names the setting", async (t) => {
  const folder = createTempFolder();
  t.after(folder.remove);
  const server = createServer().listen(0, "127.0.0.1");
  t.after(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? String(address.port) : "";
  const free = { FLUX_PORT: "0", FLUX_ADMIN_PORT: "0", HORIZON_ADMIN_PORT: "0", LOCAL_VICTORIAMETRICS_PORT: "0" };
  const result = await runMain({ DATA_DIR: join(folder.path, "data"), ...free, LOCAL_REDIS_PORT: port });
  assert.deepEqual(result, {
    code: 1,
    stdout: "",
    stderr: `cannot start Redis: port ${port} is taken by another program: set LOCAL_REDIS_PORT to another port, or to 0 for any free one\n`,
  });
});

test("a data folder that cannot be written to ends the start with one sentence", async (t) => {
  const folder = createTempFolder();
  t.after(folder.remove);
  const file = join(folder.path, "file");
  writeFileSync(file, "");
  const { code, stderr } = await runMain({ DATA_DIR: join(file, "data") });
  assert.equal(code, 1);
  assert.match(stderr, /^cannot write to the data folder .*: set DATA_DIR to a folder that you may write to\n$/);
});

test("settings that are wrong end the start, all of them at once, and touch nothing", async (t) => {
  const folder = createTempFolder();
  t.after(folder.remove);
  const data = join(folder.path, "data");
  const { code, stderr } = await runMain({ DATA_DIR: data, FLUX_PORT: "many", LOCAL_REDIS_PORT: "-1" });
  assert.equal(code, 1);
  assert.match(stderr, /FLUX_PORT/);
  assert.match(stderr, /LOCAL_REDIS_PORT/);
  assert.ok(!existsSync(data));
});

test("a buffer in Skyline's format, which would leave Horizon without work, ends the start with one sentence", async (t) => {
  const folder = createTempFolder();
  t.after(folder.remove);
  const data = join(folder.path, "data");
  const { code, stderr } = await runMain({ DATA_DIR: data, BUFFER_FORMAT: "skyline" });
  assert.equal(code, 1);
  assert.match(stderr, /^cannot start everything: BUFFER_FORMAT is skyline, .* `npm run flux`.*\n$/);
  assert.ok(!existsSync(data));
});

test("a system without setpriv is told which package to install", async (t) => {
  const folder = createTempFolder();
  t.after(folder.remove);
  const { code, stderr } = await runMain({ DATA_DIR: join(folder.path, "data"), PATH: folder.path });
  assert.deepEqual(
    { code, stderr },
    { code: 1, stderr: "cannot run servers: the command setpriv is missing: install the package util-linux\n" },
  );
});

test("--help tells how it is used, and an unknown argument is named", async () => {
  const help = await runMain({}, ["--help"]);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /npm start -- --demo/);
  const unknown = await runMain({}, ["--dmo"]);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /^cannot understand the argument --dmo: /);
});
