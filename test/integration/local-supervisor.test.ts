import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { LocalProblem } from "../../services/local/local-problem.ts";
import type { ServerPlan } from "../../services/local/supervise/supervised-server.ts";
import { createSupervisor, type Supervisor } from "../../services/local/supervise/supervisor.ts";
import { isAlive } from "../support/is-alive.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";

const WAITING = "setInterval(() => undefined, 1000)";

/** A supervisor, what it said, and plans for small programs that log their process id. */
function setUp(t: TestContext, noticeMs = 60_000) {
  const folder = createTempFolder();
  const said: string[] = [];
  const supervisor: Supervisor = createSupervisor({
    say: (line) => said.push(line),
    backoff: { firstMs: 40, maxMs: 100, calmMs: 60_000 },
    deathSignal: "KILL",
    pollMs: 10,
    noticeMs,
  });
  t.after(async () => {
    supervisor.killAll();
    await supervisor.stopAll();
    folder.remove();
  });
  const logPath = (name: string) => join(folder.path, `${name}.log`);
  const plan = (name: string, script: string, more: Partial<ServerPlan> = {}): ServerPlan => ({
    name,
    program: process.execPath,
    args: ["-e", `${script}; console.log("pid", process.pid)`],
    env: { PATH: "/usr/bin:/bin" },
    logPath: logPath(name),
    ipc: false,
    stopTimeoutMs: 5000,
    // Ready once it has logged, so that its handlers stand.
    notReady: () => Promise.resolve(pids(logPath(name)).length > 0 ? undefined : "it has said nothing"),
    ...more,
  });
  return { supervisor, said, plan, logPath };
}

/** The process ids that a program has logged, in order of its starts. */
function pids(logPath: string): number[] {
  return [...readFileSync(logPath, "utf8").matchAll(/^pid (\d+)$/gm)].map(([, pid]) => Number(pid));
}

test("a server that is killed is started again, and a line says so", async (t) => {
  const { supervisor, said, plan, logPath } = setUp(t);
  await supervisor.start(plan("Thing", WAITING));
  const [first = 0] = pids(logPath("Thing"));
  process.kill(first, "SIGKILL");
  await until(() => pids(logPath("Thing")).length === 2 && said.length === 2);
  assert.deepEqual(said, [
    `Thing was killed by SIGKILL: starting it again in 0.04 s (log: ${logPath("Thing")})`,
    "Thing is running again",
  ]);
  assert.deepEqual(pids(logPath("Thing")).map(isAlive), [false, true]);
});

test("a server that keeps dying is started ever more slowly", async (t) => {
  const { supervisor, said, plan } = setUp(t);
  await supervisor.start(plan("Thing", "setTimeout(() => process.exit(3), 100)"));
  await until(() => said.filter((line) => line.includes("starting it again")).length === 4);
  const delays = said.flatMap((line) => /ended with code 3: starting it again in ([\d.]+) s/.exec(line)?.[1] ?? []);
  assert.deepEqual(delays.slice(0, 4), ["0.04", "0.08", "0.1", "0.1"]);
});

test("a server that ends before it is ready is a problem that shows the end of its log", async (t) => {
  const { supervisor, plan, logPath } = setUp(t);
  const never = { notReady: () => Promise.resolve("never") };
  await assert.rejects(
    supervisor.start(plan("Thing", "console.error('fatal: the reason'); process.exit(7)", never)),
    (error) => {
      assert.ok(error instanceof LocalProblem);
      assert.match(error.message, /^cannot start Thing: it ended with code 7, and its log says\n/);
      assert.match(error.message, /the reason/);
      assert.ok(error.message.includes(logPath("Thing")));
      return true;
    },
  );
});

test("a program that does not exist is a problem, too", async (t) => {
  const { supervisor, plan } = setUp(t);
  const missing = { program: "/nowhere/program", notReady: () => Promise.resolve("never") };
  await assert.rejects(supervisor.start(plan("Thing", "", missing)), LocalProblem);
});

test("a server that runs but is not ready says why, and waiting ends when all is stopped", async (t) => {
  const { supervisor, said, plan } = setUp(t, 50);
  const started = supervisor.start(plan("Thing", WAITING, { notReady: () => Promise.resolve("the store is away") }));
  await until(() => said.length > 0);
  assert.equal(said[0], "Thing is running but not ready: the store is away");
  await supervisor.stopAll();
  await started;
});

test("everything is stopped in reverse order, each before the next", async (t) => {
  const { supervisor, plan } = setUp(t);
  const ends = setUp(t).logPath("ends");
  const onEnd = (name: string) =>
    `process.on("SIGTERM", () => setTimeout(() => { require("fs").appendFileSync("${ends}", "${name} "); process.exit(0); }, 100)); ${WAITING}`;
  for (const name of ["first", "second", "third"]) {
    await supervisor.start(plan(name, onEnd(name)));
  }
  await supervisor.stopAll();
  assert.equal(readFileSync(ends, "utf8"), "third second first ");
});

test("a server that does not stop in time is killed, with what it has started", async (t) => {
  const { supervisor, plan, logPath } = setUp(t);
  const stubborn = `
    const child = require("child_process").spawn("sleep", ["1000"]);
    console.log("pid", child.pid);
    process.on("SIGTERM", () => undefined); ${WAITING}`;
  const both = {
    stopTimeoutMs: 100,
    notReady: () => Promise.resolve(pids(logPath("Thing")).length === 2 ? undefined : ""),
  };
  await supervisor.start(plan("Thing", stubborn, both));
  await supervisor.stopAll();
  await until(() => pids(logPath("Thing")).every((pid) => !isAlive(pid)));
  assert.equal(pids(logPath("Thing")).length, 2);
});

test("nothing is started again, or at all, after the stop", async (t) => {
  const { supervisor, said, plan, logPath } = setUp(t);
  await supervisor.start(plan("Thing", "setTimeout(() => process.exit(3), 50)"));
  await until(() => said.length > 0);
  await supervisor.stopAll();
  const starts = pids(logPath("Thing")).length;
  await supervisor.start(plan("Late", WAITING));
  assert.equal(pids(logPath("Thing")).length, starts);
  assert.throws(() => readFileSync(logPath("Late")), /ENOENT/);
});

test("a supervisor that is killed leaves no process behind", async (t) => {
  const folder = createTempFolder();
  const script = fileURLToPath(new URL("../support/stand-in-supervisor.ts", import.meta.url));
  const args = ["--import", "tsx", script, folder.path];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => {
    child.kill("SIGKILL");
    folder.remove();
  });
  let output = "";
  child.stdout.on("data", (data) => {
    output += data;
  });
  await until(() => output.includes("ready"));
  const logs = ["first", "second"].map((name) => join(folder.path, `${name}.log`));
  const running = () => logs.map((path) => Number(readFileSync(path, "utf8")));
  await until(() => running().every((pid) => pid > 0));
  const servers = running();
  assert.ok(servers.every(isAlive));
  child.kill("SIGKILL");
  await once(child, "exit");
  await until(() => !servers.some(isAlive));
});
