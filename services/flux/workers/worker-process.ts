import type { Worker } from "node:cluster";
import { setTimeout as sleep } from "node:timers/promises";
import type { ToPrimary, ToWorker } from "./messages.ts";

/** What a worker says once it can be spoken to. */
export type WorkerMessage = Exclude<ToPrimary, { readonly type: "hello" }>;

const HANG_UP_POLL_MS = 10;

/** A process of a worker, as the primary sees it. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  /** Once it hears; until then the message waits. */
  send(message: ToWorker): void;
  onMessage(listener: (message: WorkerMessage) => void): void;
  /** Settles with how it ended, in words, when it has and all it said has been heard. */
  readonly ended: Promise<string>;
  /** Ends it at once. */
  kill(): void;
}

/** The process of a worker that was just forked. */
export function clusterWorkerProcess(worker: Worker): WorkerProcess {
  let problem = "";
  worker.on("error", (error) => {
    problem = `, ${error.message}`;
  });
  const exited = new Promise<string>((resolve) => {
    worker.once("exit", (code: number | null, signal: string | null) => {
      resolve((signal ? `ended by ${signal}` : `ended with code ${code}`) + problem);
    });
  });
  // One that is gone hears nothing more, which its end tells.
  const send = (message: ToWorker) => void worker.send(message, () => undefined);
  let waiting: ToWorker[] | undefined = [];
  const hearHello = () => {
    waiting?.forEach(send);
    waiting = undefined;
  };
  return {
    pid: worker.process.pid,
    send: (message) => (waiting ? void waiting.push(message) : send(message)),
    onMessage: (listener) =>
      void worker.on("message", (message: ToPrimary) => (message.type === "hello" ? hearHello() : listener(message))),
    ended: exited.then(async (how) => {
      await hungUp(worker);
      return how;
    }),
    kill: () => void worker.process.kill("SIGKILL"),
  };
}

/**
 * Waits until all that a process said has been heard, once it has ended. Its "disconnect" tells that as well, but never
 * comes where the process died while a connection was handed to it.
 */
async function hungUp(worker: Worker): Promise<void> {
  while (worker.isConnected()) {
    await sleep(HANG_UP_POLL_MS);
  }
}
