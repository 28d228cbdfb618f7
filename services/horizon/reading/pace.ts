import { setImmediate } from "node:timers/promises";

/** How long work may hold up everything else that the process does. */
const MAX_HOLD_MS = 10;

/** Keeps long work from holding up the process, and ends it when nobody waits for it any more. */
export class Pace {
  readonly #signal: AbortSignal;
  readonly #monotonicMs: () => number;
  #sinceMs: number;

  constructor(signal: AbortSignal, monotonicMs: () => number) {
    this.#signal = signal;
    this.#monotonicMs = monotonicMs;
    this.#sinceMs = monotonicMs();
  }

  /** To be called between steps of the work. @throws the signal's reason once it is aborted. */
  async check(): Promise<void> {
    this.#signal.throwIfAborted();
    if (this.#monotonicMs() - this.#sinceMs > MAX_HOLD_MS) {
      await setImmediate();
      this.#sinceMs = this.#monotonicMs();
      this.#signal.throwIfAborted();
    }
  }
}
