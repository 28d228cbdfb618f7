import type { Slice } from "./slice.ts";

type Reading = Promise<Slice | undefined>;

/** Slices that wait for another sink at most: what is read more than that apart is not worth its memory. */
const MAX_WAITING = 2;

/**
 * Slices that one sink has read, for the others that come to the same blocks soon after. A sink that is further behind
 * reads for itself, and so does one that is alone: nobody waits for anybody.
 */
export class SharedSlices {
  readonly #readers: number;
  readonly #waiting = new Map<string, { readonly slice: Reading; readersLeft: number }>();

  /** @param readers how many sinks read each slice. */
  constructor(readers: number) {
    this.#readers = readers;
  }

  /**
   * The slice of some blocks.
   * @param key tells these blocks from all others. @param read makes it. @throws what `read` throws.
   */
  take(key: string, read: () => Reading): Reading {
    const waiting = this.#waiting.get(key);
    if (waiting) {
      waiting.readersLeft--;
      if (waiting.readersLeft === 0) {
        this.#waiting.delete(key);
      }
      return waiting.slice;
    }
    const slice = read();
    if (this.#readers > 1) {
      this.#keep(key, slice);
    }
    return slice;
  }

  #keep(key: string, slice: Reading): void {
    this.#waiting.set(key, { slice, readersLeft: this.#readers - 1 });
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size > MAX_WAITING && oldest !== undefined) {
      this.#waiting.delete(oldest);
    }
    // Whoever comes later tries again.
    slice.catch(() => this.#waiting.delete(key));
  }
}
