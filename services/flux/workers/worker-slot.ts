import type { Settings } from "../../../settings/schema.ts";
import { type Backoff, countDeath, restartDelayMs } from "../../shared/backoff.ts";
import type { Logger } from "../../shared/logger.ts";
import type { Refusal } from "../reasons.ts";
import type { Answer, Question } from "./messages.ts";
import type { WorkerMessage, WorkerProcess } from "./worker-process.ts";

/** What a slot needs, and whom it tells what happens. */
export interface SlotParts {
  readonly fork: () => WorkerProcess;
  /** Those that hold now. */
  readonly settings: () => Settings;
  readonly backoff: Backoff;
  /** Milliseconds. */
  readonly now: () => number;
  readonly logger: Pick<Logger, "error">;
  /** What the worker says, but for answers. */
  readonly onMessage: (slot: WorkerSlot, message: SlotMessage) => void;
  /** A process has ended, whatever the reason. */
  readonly onEnd: (slot: WorkerSlot) => void;
  readonly onRestart: () => void;
  /** The worker has never served, and says that it cannot. */
  readonly onHopeless: (problems: readonly string[]) => void;
}

/** What the slot does not hear for itself. */
export type SlotMessage = Exclude<WorkerMessage, { readonly type: "answer" | "failed" | "serving" | "leaving" }>;

/** What became of a worker: it begins, takes requests, or has died and is started again after a while. */
export type WorkerState = "starting" | "serving" | "waiting";

/** One of the workers: the process that runs in its place now, and the next one once that has died. */
export class WorkerSlot {
  /** From 1. */
  readonly worker: number;
  readonly #parts: SlotParts;
  #process: WorkerProcess | undefined;
  #state: WorkerState = "waiting";
  #startedAtMs = 0;
  #hasServed = false;
  #isStopping = false;
  #deathsInARow = 0;
  #restarts = 0;
  #timer: NodeJS.Timeout | undefined;
  #latestQuestion = 0;
  readonly #questions = new Map<number, (answer: Answer | undefined) => void>();

  constructor(worker: number, parts: SlotParts) {
    this.worker = worker;
    this.#parts = parts;
  }

  get state(): WorkerState {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get startedAtMs(): number {
    return this.#startedAtMs;
  }

  /** How often it was started again. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Starts the worker. When it dies it is started again, ever more rarely if it dies again and again. */
  start(): void {
    const child = this.#parts.fork();
    this.#process = child;
    this.#state = "starting";
    this.#startedAtMs = this.#parts.now();
    child.onMessage((message) => this.#hear(message));
    void child.ended.then((how) => this.#end(how));
    child.send({ type: "start", worker: this.worker, settings: this.#parts.settings() });
  }

  /** Tells the worker the gate's verdict on a request. */
  tellEntered(pass: number, refusal: Refusal | undefined): void {
    this.#process?.send({ type: "entered", pass, refusal });
  }

  /** Asks the worker. @returns undefined where none runs, or it ended, or took too long. */
  ask(question: Question, timeoutMs: number): Promise<Answer | undefined> {
    if (!this.#process) {
      return Promise.resolve(undefined);
    }
    const id = ++this.#latestQuestion;
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(undefined), timeoutMs);
      const settle = (answer: Answer | undefined) => {
        clearTimeout(timer);
        this.#questions.delete(id);
        resolve(answer);
      };
      this.#questions.set(id, settle);
      this.#process?.send({ type: "ask", id, question });
    });
  }

  /** Ends the worker in good order, and waits. @param patienceMs after which it is ended at once. */
  async stop(patienceMs: number): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    const child = this.#process;
    if (!child) {
      return;
    }
    child.send({ type: "stop" });
    const timer = setTimeout(() => {
      this.#parts.logger.error({ worker: this.worker }, "A worker took too long to stop; it is ended at once");
      child.kill();
    }, patienceMs);
    await child.ended;
    clearTimeout(timer);
  }

  #hear(message: WorkerMessage): void {
    if (message.type === "answer") {
      this.#questions.get(message.id)?.(message.answer);
    } else if (message.type === "serving") {
      this.#state = "serving";
      this.#hasServed = true;
    } else if (message.type === "leaving") {
      this.#process?.send({ type: "farewell" });
    } else if (message.type === "failed") {
      this.#fail(message.problems);
    } else {
      this.#parts.onMessage(this, message);
    }
  }

  #fail(problems: readonly string[]): void {
    if (this.#hasServed) {
      this.#parts.logger.error({ worker: this.worker, problems }, "A worker cannot start again");
    } else {
      this.#parts.onHopeless(problems);
    }
  }

  #end(how: string): void {
    this.#process = undefined;
    this.#state = "waiting";
    for (const settle of [...this.#questions.values()]) {
      settle(undefined);
    }
    this.#parts.onEnd(this);
    if (this.#isStopping) {
      return;
    }
    const { backoff, logger, now } = this.#parts;
    this.#deathsInARow = countDeath(backoff, this.#deathsInARow, now() - this.#startedAtMs);
    const delayMs = restartDelayMs(backoff, this.#deathsInARow);
    logger.error({ worker: this.worker, how, delayMs }, "A worker has ended; it is started again");
    this.#timer = setTimeout(() => {
      this.#restarts++;
      this.#parts.onRestart();
      this.start();
    }, delayMs);
  }
}
