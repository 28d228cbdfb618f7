import { setTimeout as delay } from "node:timers/promises";
import type { StoreClock } from "../sink.ts";

/**
 * How often the store is asked, and how much a single answer can count for. A process that is frozen and goes on is seen
 * to have run that much too long at most.
 */
const ASKED_EVERY_MS = 1000;

export interface StoreWatchOptions {
  /** Whether the store answers, whatever it says. Never rejects but when the signal is aborted. */
  readonly answers: (signal: AbortSignal) => Promise<boolean>;
  /** A clock that is never set. */
  readonly monotonicMs: () => number;
  /** Rejects when the signal is aborted. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/**
 * The time that a store has run, found by asking it every second. A store makes safe what it has in memory within so many
 * seconds of its own: while it is frozen, swapped out or cut off, our seconds are none of those.
 */
export class StoreWatch implements StoreClock {
  readonly #options: Required<StoreWatchOptions>;
  readonly #stop = new AbortController();
  #ranMs = 0;
  #lastAnswerMs: number | undefined;
  #watching: Promise<void> = Promise.resolve();

  constructor(options: StoreWatchOptions) {
    this.#options = { sleep: (ms, signal) => delay(ms, undefined, { signal }), ...options };
  }

  /** Begins to ask, until `stop`. */
  start(): this {
    this.#watching = this.#watch(this.#stop.signal);
    return this;
  }

  /** Ends, and waits until the question at hand is given up. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  atLeastMs(): number {
    return this.#ranMs;
  }

  atMostMs(): number {
    return this.#ranMs + this.#sinceAnswerMs();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        if (await this.#options.answers(signal)) {
          this.#ranMs += this.#sinceAnswerMs();
          this.#lastAnswerMs = this.#options.monotonicMs();
        }
        await this.#options.sleep(ASKED_EVERY_MS, signal);
      }
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    }
  }

  /** What an answer now would count for. */
  #sinceAnswerMs(): number {
    const sinceMs =
      this.#lastAnswerMs === undefined ? ASKED_EVERY_MS : this.#options.monotonicMs() - this.#lastAnswerMs;
    return Math.min(sinceMs, ASKED_EVERY_MS);
  }
}
