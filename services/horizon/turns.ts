/** Lets a bounded number of tasks run at a time; the others wait, and have their turns in the order in which they came. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param atOnce how many tasks may run at a time. */
  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /**
   * Runs a task when it is its turn.
   * @param signal gives the turn up while the task waits; once it runs, the task itself has to heed it.
   * @returns what the task returns, or undefined when it was given up.
   */
  async run<Result>(task: () => Promise<Result>, signal: AbortSignal): Promise<Result | undefined> {
    if (!(await this.#begin(signal))) {
      return undefined;
    }
    try {
      return await task();
    } finally {
      this.#end();
    }
  }

  #begin(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) {
      return Promise.resolve(false);
    }
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const begin = () => {
        signal.removeEventListener("abort", giveUp);
        resolve(true);
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(begin), 1);
        resolve(false);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      this.#waiting.push(begin);
    });
  }

  #end(): void {
    const next = this.#waiting.shift();
    if (next) {
      next();
    } else {
      this.#free++;
    }
  }
}

/** How long each of some tasks may run so that all have had a turn when an interval is over. */
export function turnLengthMs(intervalMs: number, atOnce: number, tasks: number): number {
  return tasks <= atOnce ? intervalMs : (intervalMs * atOnce) / tasks;
}
