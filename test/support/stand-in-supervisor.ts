import { join } from "node:path";
import process from "node:process";
import type { ServerPlan } from "../../services/local/supervise/supervised-server.ts";
import { createSupervisor } from "../../services/local/supervise/supervisor.ts";

/*
 * A supervisor in a process of its own, with two programs that only wait: for tests of what becomes of them when it is
 * killed. Argument: folder for logs. Says "ready" when both run; their output, the process ids, is in the logs.
 */

const [folder = "."] = process.argv.slice(2);

/** A program that is ready at once, tells its process id, and ends when it is told to. */
const waiting = (name: string, ipc: boolean): ServerPlan => ({
  name,
  program: process.execPath,
  args: ["-e", "console.log(process.pid); setInterval(() => undefined, 1000)"],
  env: process.env,
  logPath: join(folder, `${name}.log`),
  ipc,
  stopTimeoutMs: 1000,
  notReady: () => Promise.resolve(undefined),
});

const supervisor = createSupervisor({
  say: (line) => process.stdout.write(`${line}\n`),
  backoff: { firstMs: 10, maxMs: 10, calmMs: 1000 },
  deathSignal: "TERM",
  pollMs: 10,
  noticeMs: 60_000,
});
await supervisor.start(waiting("first", false));
await supervisor.start(waiting("second", true));
process.stdout.write("ready\n");
