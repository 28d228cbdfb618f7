/** Milliseconds that matching may take for a request, whatever it holds. */
const MATCH_MS = 500;
/** What it may take beyond, for each character that is matched: many times what a common pattern takes. */
const MATCH_MICROSECONDS_PER_CHARACTER = 0.5;
/** What counted repetitions and classes like `\pL` may add to patterns, in instructions, over all lists together. */
const EXTRA_INSTRUCTIONS = 2000;

/** Clocks that only ever go forward, in milliseconds. */
export interface Clocks {
  readonly elapsedMs: () => number;
  /** What the process has computed. It stands still while the process waits for its turn. */
  readonly cpuMs: () => number;
}

/**
 * What the regular expressions of somebody who is not the operator may cost. They take time linear in the text, but
 * large ones take a millisecond for each character of it, and all senders wait meanwhile. So their size is bounded
 * when they are compiled, and their time whenever a request is sorted by them.
 */
export class RegexBudget {
  readonly #clocks: Clocks;
  #extraInstructions = 0;
  #spentMs = 0;
  #characters = 0;
  #cpuMsAtBegin = 0;
  #isExceeded = false;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
  }

  /** Whether any request has taken longer than it may. It stays so: what was too slow once is not tried again. */
  get isExceeded(): boolean {
    return this.#isExceeded;
  }

  /** Notes what patterns take beyond their text. @returns whether there was room for it. */
  takeExtra(instructions: number): boolean {
    this.#extraInstructions += instructions;
    return this.#extraInstructions <= EXTRA_INSTRUCTIONS;
  }

  /** A request begins, with all the time that one may take. */
  begin(): void {
    this.#spentMs = 0;
    this.#characters = 0;
    this.#cpuMsAtBegin = this.#clocks.cpuMs();
  }

  /** Runs a match, and counts its time. */
  time<Result>(characters: number, match: () => Result): Result {
    const startMs = this.#clocks.elapsedMs();
    const result = match();
    this.#spentMs += this.#clocks.elapsedMs() - startMs;
    this.#characters += characters;
    const allowedMs = MATCH_MS + (this.#characters * MATCH_MICROSECONDS_PER_CHARACTER) / 1000;
    // A process that was frozen, or shares its core with many, has seen time pass without computing.
    if (this.#spentMs > allowedMs && this.#clocks.cpuMs() - this.#cpuMsAtBegin > allowedMs) {
      this.#isExceeded = true;
    }
    return result;
  }
}
