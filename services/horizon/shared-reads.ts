/** What waits for another sink at most: what is read more than that apart is not worth its memory. */
const MAX_WAITING = 1;

/**
 * What one sink has read, for the others that come to the same place of the same claim soon after. A sink that is further
 * behind reads for itself, and so does one that is alone: nobody waits for anybody.
 */
export class SharedReads<Value> {
  readonly #readers: number;
  readonly #waiting = new Map<string, { readonly value: Promise<Value>; readersLeft: number }>();

  /** @param readers how many sinks read everything. */
  constructor(readers: number) {
    this.#readers = readers;
  }

  /** @param key tells what is read from all else. @param read reads it. @throws what `read` throws. */
  take(key: string, read: () => Promise<Value>): Promise<Value> {
    const waiting = this.#waiting.get(key);
    if (waiting) {
      waiting.readersLeft--;
      if (waiting.readersLeft === 0) {
        this.#waiting.delete(key);
      }
      return waiting.value;
    }
    const value = read();
    if (this.#readers > 1) {
      this.#keep(key, value);
    }
    return value;
  }

  #keep(key: string, value: Promise<Value>): void {
    this.#waiting.set(key, { value, readersLeft: this.#readers - 1 });
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size > MAX_WAITING && oldest !== undefined) {
      this.#waiting.delete(oldest);
    }
    // Whoever comes later tries again.
    value.catch(() => this.#waiting.delete(key));
  }
}
