/** What the time of a cycle goes into. `read` to `discard` happen for each sink by itself. */
export const PHASES = ["parked", "claim", "settle", "read", "deliver", "discard", "finish"] as const;
export type Phase = (typeof PHASES)[number];

/** How long the phases of one cycle, or of one sink's turn in it, have taken, each summed up. */
export class PhaseTimes {
  readonly #now: () => number;
  readonly #ms = new Map<Phase, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Does something that belongs to a phase. @returns what it returns. @throws what it throws. */
  async measure<Result>(phase: Phase, work: () => Promise<Result>): Promise<Result> {
    const startMs = this.#now();
    try {
      return await work();
    } finally {
      this.#ms.set(phase, (this.#ms.get(phase) ?? 0) + this.#now() - startMs);
    }
  }

  /** Seconds of each phase that there was, in the order in which they began. */
  seconds(): Partial<Record<Phase, number>> {
    return Object.fromEntries([...this.#ms].map(([phase, ms]) => [phase, ms / 1000]));
  }
}
