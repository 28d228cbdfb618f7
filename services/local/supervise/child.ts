import { spawn } from "node:child_process";
import { type Command, type DeathSignal, endingWithParent } from "../death-signal.ts";

/** How to start a process. */
export interface ChildOptions extends Command {
  readonly env: NodeJS.ProcessEnv;
  /** File descriptor that takes standard output and standard error. */
  readonly outputFd: number;
  /** Whether the child, a Node program, gets a channel whose end tells it that we are gone. */
  readonly ipc: boolean;
  readonly deathSignal: DeathSignal;
}

/** How a process ended. `error` is set when it never began. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: Error;
}

/** A process that was started. */
export interface Child {
  readonly pid: number | undefined;
  /** Settles when the process has ended; never rejects. */
  readonly exited: Promise<Exit>;
  hasExited(): boolean;
  /** Sends a signal to the process alone. Nothing happens when it has ended. */
  signal(signal: NodeJS.Signals): void;
  /** Asks the process to end, and kills it with all it started when it has not after `graceMs`. */
  stop(graceMs: number): Promise<Exit>;
}

/**
 * Starts a program in a process group of its own, so that Ctrl-C in the terminal does not reach it, and so that it
 * ends when this process does.
 */
export function startChild(options: ChildOptions): Child {
  const { program, args } = endingWithParent(options, options.deathSignal, process.platform);
  const child = spawn(program, args, {
    env: options.env,
    detached: true,
    stdio: ["ignore", options.outputFd, options.outputFd, ...(options.ipc ? (["ipc"] as const) : [])],
  });
  let over = false;
  const exited = new Promise<Exit>((resolve) => {
    const settle = (exit: Exit) => {
      over = true;
      resolve(exit);
    };
    child.once("error", (error) => settle({ code: null, signal: null, error }));
    child.once("exit", (code, signal) => settle({ code, signal }));
  });
  const send = (target: number | undefined, signal: NodeJS.Signals) => {
    if (!over && target !== undefined) {
      sendSignal(target, signal);
    }
  };
  return {
    pid: child.pid,
    exited,
    hasExited: () => over,
    signal: (signal) => send(child.pid, signal),
    stop: async (graceMs) => {
      send(child.pid, "SIGTERM");
      const deadline = setTimeout(() => send(child.pid && -child.pid, "SIGKILL"), graceMs);
      const exit = await exited;
      clearTimeout(deadline);
      return exit;
    },
  };
}

/** How a process ended, in words that follow its name: "Redis was killed by SIGKILL". */
export function describeExit(exit: Exit): string {
  if (exit.error) {
    return `could not be started (${exit.error.message})`;
  }
  return exit.signal ? `was killed by ${exit.signal}` : `ended with code ${exit.code}`;
}

function sendSignal(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    // It may have ended between our look and the signal.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) {
      throw error;
    }
  }
}
