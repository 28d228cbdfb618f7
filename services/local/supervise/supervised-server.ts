import { closeSync, openSync } from "node:fs";
import { type Backoff, countDeath, restartDelayMs } from "../../shared/backoff.ts";
import type { Command, DeathSignal } from "../death-signal.ts";
import { LocalProblem } from "../local-problem.ts";
import { type Child, describeExit, type Exit, startChild } from "./child.ts";
import { tellingLines } from "./log-file.ts";
import { pause, type ReadyCheck, waitUntilReady } from "./readiness.ts";

/** One server: how it is started, how one sees that it works, and how long it may take to stop. */
export interface ServerPlan extends Command {
  /** What people call it. */
  readonly name: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logPath: string;
  readonly ipc: boolean;
  readonly stopTimeoutMs: number;
  readonly notReady: ReadyCheck;
}

export interface SupervisorOptions {
  /** Takes a line for the person at the terminal. */
  say(line: string): void;
  readonly backoff: Backoff;
  readonly deathSignal: DeathSignal;
  readonly pollMs: number;
  /** After each such time of waiting for a server, a line says why. */
  readonly noticeMs: number;
}

/** A server under supervision. */
export interface SupervisedServer {
  /** Settles when the server has become ready for the first time, or rejects with a LocalProblem. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
  kill(): void;
}

type Outcome = { ready: true } | { ready: false; exit: Exit | undefined };

const SHOWN_LOG_LINES = 3;

/** Starts a server and keeps it alive until it is stopped. */
export function superviseServer(plan: ServerPlan, options: SupervisorOptions): SupervisedServer {
  const stopping = new AbortController();
  let child = spawnServer(plan, options);
  const ready = firstStart(plan, child, stopping.signal, options);
  const kept = ready.then(
    () => keepAlive(),
    // The caller has `ready` itself to see this failure by; nothing is left to keep alive.
    () => undefined,
  );

  async function keepAlive(): Promise<void> {
    let deathsInARow = 0;
    let startedMs = Date.now();
    while (!stopping.signal.aborted) {
      const exit = await child.exited;
      if (stopping.signal.aborted) {
        return;
      }
      deathsInARow = countDeath(options.backoff, deathsInARow, Date.now() - startedMs);
      const delayMs = restartDelayMs(options.backoff, deathsInARow);
      options.say(
        `${plan.name} ${describeExit(exit)}: starting it again in ${delayMs / 1000} s (log: ${plan.logPath})`,
      );
      await pause(delayMs, stopping.signal);
      if (!stopping.signal.aborted) {
        startedMs = Date.now();
        child = spawnServer(plan, options);
        await announceRestart(plan, child, stopping.signal, options);
      }
    }
  }

  return {
    ready,
    stop: async () => {
      stopping.abort();
      await child.stop(plan.stopTimeoutMs);
      await kept;
    },
    kill: () => {
      stopping.abort();
      child.signal("SIGKILL");
    },
  };
}

function spawnServer(plan: ServerPlan, options: SupervisorOptions): Child {
  const outputFd = openSync(plan.logPath, "a");
  try {
    return startChild({ ...plan, outputFd, deathSignal: options.deathSignal });
  } finally {
    closeSync(outputFd);
  }
}

async function firstStart(plan: ServerPlan, child: Child, stop: AbortSignal, options: SupervisorOptions) {
  const outcome = await readyOrOver(plan, child, stop, options);
  if (!outcome.ready && outcome.exit && !stop.aborted) {
    const words = [...tellingLines(plan.logPath, SHOWN_LOG_LINES), `(all of it: ${plan.logPath})`].join("\n  ");
    throw new LocalProblem(`cannot start ${plan.name}: it ${describeExit(outcome.exit)}, and its log says\n  ${words}`);
  }
}

async function announceRestart(plan: ServerPlan, child: Child, stop: AbortSignal, options: SupervisorOptions) {
  const outcome = await readyOrOver(plan, child, stop, options);
  if (outcome.ready) {
    options.say(`${plan.name} is running again`);
  }
}

/** Waits until a server is ready, has ended, or is to be stopped, whichever comes first. */
async function readyOrOver(
  plan: ServerPlan,
  child: Child,
  stop: AbortSignal,
  options: SupervisorOptions,
): Promise<Outcome> {
  const over = new AbortController();
  const ended = child.exited.then((exit): Outcome => ({ ready: false, exit }));
  const answered = waitUntilReady(plan.notReady, {
    signal: AbortSignal.any([over.signal, stop]),
    everyMs: options.pollMs,
    noticeMs: options.noticeMs,
    stillWaiting: (reason) => options.say(`${plan.name} is running but not ready: ${reason}`),
  }).then((ready): Outcome => (ready ? { ready } : { ready, exit: undefined }));
  const outcome = await Promise.race([ended, answered]);
  over.abort();
  return outcome;
}
