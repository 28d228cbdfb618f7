import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Command } from "../../services/local/death-signal.ts";
import { type Child, describeExit, startChild } from "../../services/local/supervise/child.ts";
import { type ReadyCheck, waitUntilReady } from "../../services/local/supervise/readiness.ts";

import { until } from "./until.ts";

/** A real server that a test has started. It ends with the test's process, however that ends. */
export interface ServerProcess {
  /** Process id of the one that runs now. */
  readonly pid: number;
  /** What it has written so far to standard output and standard error, over all restarts. */
  logs(): string;
  /** Ends it with SIGTERM, and waits. Calling it again does nothing. */
  stop(): Promise<void>;
  /** Ends it with SIGKILL, and waits. */
  kill(): Promise<void>;
  /** Stops (SIGTERM) what still runs, then starts it again in the same place, and waits until it is ready. */
  restart(): Promise<void>;
  /** Freezes it (SIGSTOP), and has when it returns: its sockets stay open and nobody answers. */
  pause(): Promise<void>;
  resume(): void;
  /** Settles when the process that runs now has ended, with how it ended in words. */
  ended(): Promise<string>;
}

/** How to start a server. */
export interface ServerProcessOptions extends Command {
  readonly name: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly notReady: ReadyCheck;
  readonly readyTimeoutMs?: number;
  /** Called once, after the server is stopped for good with `stop`. */
  readonly cleanUp?: () => void;
}

const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 40_000;
const POLL_MS = 25;

/**
 * Starts a server and waits until it is ready.
 * @throws Error with what it wrote when it ends before, or takes too long.
 */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), "flux-log-"));
  const logPath = join(folder, "log");
  let child = await start(options, logPath);
  let finalLogs: string | undefined;
  const logs = () => finalLogs ?? readFileSync(logPath, "utf8");
  const end = async (signal: "SIGTERM" | "SIGKILL") => {
    child.signal("SIGCONT");
    if (signal === "SIGKILL") {
      child.signal("SIGKILL");
    }
    await child.stop(STOP_TIMEOUT_MS);
  };
  return {
    get pid() {
      return child.pid ?? 0;
    },
    logs,
    stop: async () => {
      await end("SIGTERM");
      if (finalLogs === undefined) {
        finalLogs = logs();
        rmSync(folder, { recursive: true, force: true });
        options.cleanUp?.();
      }
    },
    kill: () => end("SIGKILL"),
    restart: async () => {
      await end("SIGTERM");
      child = await start(options, logPath);
    },
    pause: async () => {
      child.signal("SIGSTOP");
      await until(() => isFrozen(child.pid ?? 0));
    },
    resume: () => child.signal("SIGCONT"),
    ended: async () => describeExit(await child.exited),
  };
}

/** Whether every thread of a process is stopped: a signal reaches them one after another. */
function isFrozen(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
    return stat.charAt(stat.lastIndexOf(")") + 2) === "T";
  });
}

async function start(options: ServerProcessOptions, logPath: string): Promise<Child> {
  const outputFd = openSync(logPath, "a");
  const env = options.env ?? process.env;
  const child = startChild({ ...options, env, outputFd, ipc: false, deathSignal: "KILL" });
  closeSync(outputFd);
  const fault = await faultBeforeReady(options, child);
  if (fault !== undefined) {
    child.signal("SIGKILL");
    throw new Error(`cannot start ${options.name}: it ${fault}\n${readFileSync(logPath, "utf8")}`);
  }
  return child;
}

/** Waits until a server is ready. Gives what went wrong, in words, or undefined. */
async function faultBeforeReady(options: ServerProcessOptions, child: Child): Promise<string | undefined> {
  const over = new AbortController();
  let last = "";
  const check = async () => {
    const reason = await options.notReady();
    last = reason ?? "";
    return reason;
  };
  const timeoutMs = options.readyTimeoutMs ?? READY_TIMEOUT_MS;
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(timeoutMs)]);
  const waiting = { signal, everyMs: POLL_MS, noticeMs: timeoutMs * 2, stillWaiting: () => undefined };
  const fault = await Promise.race([
    child.exited.then(describeExit),
    waitUntilReady(check, waiting).then((ready) =>
      ready ? undefined : `was not ready after ${timeoutMs} ms: ${last}`,
    ),
  ]);
  over.abort();
  return fault;
}
