/** So much a second in the long run, and at most `burst` at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * Measures what flows against a rate. What a request costs is known only when it has been read, so a bucket that is not
 * empty lets the next request in whatever its size and goes into debt for it; the debt then has to be paid off. So a
 * request larger than the burst is taken as well, no work is done for one that is turned away, and over time not more
 * than the rate comes through.
 */
export class TokenBucket {
  #level: number;
  #filledAtMs: number;

  /** A full bucket. @param nowMs on any clock that does not go back; the same for all calls. */
  constructor(rate: Rate, nowMs: number) {
    this.#level = rate.burst;
    this.#filledAtMs = nowMs;
  }

  /** Milliseconds until the next request may come in; 0: now. */
  waitMs(rate: Rate, nowMs: number): number {
    this.#fill(rate, nowMs);
    return this.#level > 0 ? 0 : Math.floor((-this.#level / rate.perSecond) * 1000) + 1;
  }

  /** Takes what a request has turned out to cost. */
  charge(rate: Rate, cost: number, nowMs: number): void {
    this.#fill(rate, nowMs);
    this.#level -= cost;
  }

  #fill(rate: Rate, nowMs: number): void {
    const passedMs = Math.max(0, nowMs - this.#filledAtMs);
    this.#level = Math.min(rate.burst, this.#level + (passedMs * rate.perSecond) / 1000);
    this.#filledAtMs = nowMs;
  }
}
