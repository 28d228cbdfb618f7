import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, type TestContext, test } from "node:test";
import { Redis } from "ioredis";
import { parse } from "yaml";
import { projectRoot } from "../../services/local/project-root.ts";
import { httpText } from "../support/http-text.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";

const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 60_000;

/** A system as `npm start` runs it, on free ports. */
interface Started {
  readonly child: ChildProcess;
  output(): string;
  /** The address in the line of the summary that begins with a name. */
  address(name: string): string;
}

async function start(t: TestContext, dataDir: string, args: readonly string[] = []): Promise<Started> {
  const ports = ["FLUX", "FLUX_ADMIN", "HORIZON_ADMIN", "LOCAL_REDIS", "LOCAL_VICTORIAMETRICS"];
  const demoPorts = ["LOCAL_PROMETHEUS", "LOCAL_NODE_EXPORTER"];
  const env = {
    PATH: process.env["PATH"],
    HOME: process.env["HOME"],
    LOCAL_PARTS_DIR: process.env["LOCAL_PARTS_DIR"],
    DATA_DIR: dataDir,
    HORIZON_INTERVAL_SECONDS: "1",
    ...Object.fromEntries([...ports, ...demoPorts].map((name) => [`${name}_PORT`, "0"])),
  };
  const cwd = projectRoot(import.meta.url);
  const child = spawn("npm", ["start", "--silent", "--", ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  let output = "";
  const collect = (data: Buffer) => {
    output += data.toString();
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const isUp = () => output.includes("Press Ctrl-C to stop.");
  await until(() => isUp() || hasEnded(), { timeoutMs: START_TIMEOUT_MS, describe: () => output });
  assert.ok(!hasEnded(), `npm ended (${child.exitCode ?? child.signalCode})\n${output}`);
  return {
    child,
    output: () => output,
    address: (name) => RegExp(`^ +${name} +(\\S+)`, "m").exec(output)?.[1] ?? assert.fail(`no ${name}\n${output}`),
  };
}

/** The processes whose environment or command line names a data folder: all that a start has left behind. */
function processesOf(dataDir: string): string[] {
  const mentions = (pid: string) =>
    ["cmdline", "environ"].some((file) => {
      const path = join("/proc", pid, file);
      try {
        return existsSync(path) && readFileSync(path, "utf8").includes(dataDir);
      } catch {
        // It has ended meanwhile.
        return false;
      }
    });
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && mentions(name));
}

async function stopAndCheck({ child, output }: Started, dataDir: string): Promise<void> {
  child.kill("SIGTERM");
  await until(() => child.exitCode !== null || child.signalCode !== null, {
    timeoutMs: STOP_TIMEOUT_MS,
    describe: output,
  });
  await until(() => processesOf(dataDir).length === 0, { describe: () => processesOf(dataDir).join() });
  await until(() => output().endsWith("Everything is stopped.\n"), { describe: output });
}

// Side by side: each has ports and a folder of its own, and mostly waits.
describe("the system on one machine", { concurrency: 2 }, () => {
  test("npm start runs the whole system, stops it, and finds its data and its key again", async (t) => {
    const folder = createTempFolder();
    t.after(folder.remove);
    const dataDir = join(folder.path, "data");

    const first = await start(t, dataDir);
    const block = /^remote_write:\n(?: .*\n)+/m.exec(first.output())?.[0] ?? "";
    const [target] = parse(block).remote_write;
    assert.equal(target.url, `${first.address("Flux")}/prometheus/write`);
    assert.equal(target.headers.key, readFileSync(join(dataDir, "self-api-key"), "utf8").trim());
    for (const name of ["Flux admin", "Horizon admin"]) {
      assert.ok(JSON.parse(await httpText(first.address(name))), name);
    }
    assert.match(await httpText(first.address("VictoriaMetrics")), /./);
    const redis = new Redis(first.address("Redis"));
    await redis.set("kept", "yes");
    const services = String(await redis.client("LIST"))
      .split("\n")
      .filter((line) => / name=(flux|horizon)/.test(line));
    assert.ok(services.length > 1, "neither Flux nor Horizon has a connection");
    for (const line of services) {
      assert.ok(line.includes(` addr=${dataDir}/redis/redis.sock:0 `), line);
    }
    redis.disconnect();
    await stopAndCheck(first, dataDir);

    const second = await start(t, dataDir);
    assert.ok(second.output().includes(target.headers.key));
    const again = new Redis(second.address("Redis"));
    assert.equal(await again.get("kept"), "yes");
    again.disconnect();
    await stopAndCheck(second, dataDir);
  });

  test("npm start -- --demo has samples of a real Prometheus and node_exporter in VictoriaMetrics", async (t) => {
    const folder = createTempFolder();
    t.after(folder.remove);
    const dataDir = join(folder.path, "data");
    const demo = await start(t, dataDir, ["--demo"]);
    const link = demo.address("query");
    await until(async () => JSON.parse(await httpText(link)).data.result.length > 0, {
      timeoutMs: START_TIMEOUT_MS,
      describe: () => link,
    });
    assert.match(await httpText(`${demo.address("Prometheus")}/graph`), /<html/i);
    await stopAndCheck(demo, dataDir);
  });

  for (const killed of ["npm", "the supervisor"]) {
    test(`nothing runs on when ${killed} is killed`, async (t) => {
      const folder = createTempFolder();
      t.after(folder.remove);
      const dataDir = join(folder.path, "data");
      const { child } = await start(t, dataDir);
      assert.ok(processesOf(dataDir).length >= 5);
      const victim = killed === "npm" ? child.pid : processesOf(dataDir).map(Number).find(isSupervisor);
      process.kill(victim ?? assert.fail("no supervisor"), "SIGKILL");
      await until(() => processesOf(dataDir).length === 0, {
        timeoutMs: STOP_TIMEOUT_MS,
        describe: () => processesOf(dataDir).join(),
      });
    });
  }
});

function isSupervisor(pid: number): boolean {
  const [program = "", script = ""] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  return program.endsWith("node") && script.endsWith("start.mjs");
}
