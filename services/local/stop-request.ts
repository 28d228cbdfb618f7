import { readFileSync } from "node:fs";

/** Tells when the person at the terminal, or the system, wants this process to stop. */
export interface StopRequest {
  /** Aborted at the first request. */
  readonly signal: AbortSignal;
  /** Makes a request of our own. */
  stop(reason: string): void;
  /** Who made the first request, in words. */
  reason(): string;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const ORPHAN_POLL_MS = 1000;

/** One Ctrl-C may reach us twice, from the terminal and from npm: what comes so soon is no second request. */
const SAME_REQUEST_MS = 1000;

/**
 * Listens for the signals that end a process.
 * @param onImpatience called at every request after the first.
 */
export function listenForStop(onImpatience: () => void): StopRequest {
  const controller = new AbortController();
  let first = { reason: "", atMs: 0 };
  const stop = (reason: string) => {
    if (!controller.signal.aborted) {
      first = { reason, atMs: Date.now() };
      controller.abort();
    } else if (Date.now() - first.atMs >= SAME_REQUEST_MS) {
      onImpatience();
    }
  };
  for (const name of SIGNALS) {
    process.on(name, () => stop(name));
  }
  return { signal: controller.signal, stop, reason: () => first.reason };
}

/**
 * Stops this process when the npm that started it was killed: nothing else would tell us, and Ctrl-C would no longer
 * reach anybody. Between npm and us there may be the shell that npm runs its scripts with.
 */
export function stopWithNpm(env: NodeJS.ProcessEnv, request: StopRequest): void {
  if (env["npm_lifecycle_event"] === undefined) {
    return;
  }
  const parent = process.ppid;
  const grandparent = isNpm(parent) ? undefined : parentOf(parent);
  const timer = setInterval(() => {
    // When the shell itself is gone, our own parent has changed, too.
    const npmIsGone = grandparent !== undefined && (parentOf(parent) ?? grandparent) !== grandparent;
    if (npmIsGone || process.ppid !== parent) {
      clearInterval(timer);
      request.stop("npm is gone");
    }
  }, ORPHAN_POLL_MS);
  timer.unref();
}

function isNpm(pid: number): boolean {
  return /^(npm|node)/.test(readProcess(pid, "comm") ?? "");
}

function parentOf(pid: number): number | undefined {
  const parent = /^PPid:\s*(\d+)/m.exec(readProcess(pid, "status") ?? "")?.[1];
  return parent === undefined ? undefined : Number(parent);
}

function readProcess(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    // It has ended, or this system has no /proc; then there is nothing to know.
    return undefined;
  }
}
