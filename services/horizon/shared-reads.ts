/** What waits for another sink at most: what is read more than that apart is not worth its memory. */
const MAX_WAITING = 1;

/** What was read. */
export interface SharedRead<Value> {
  readonly value: Value;
  /** To be called, once, by a reader that has no more use for the value. */
  readonly done: () => void;
}

interface Reading<Value> {
  readonly value: Promise<Value>;
  /** Readers that may still come. */
  readersLeft: number;
  /** Readers that are not done with it. */
  holders: number;
}

/**
 * What one sink has read, for the others that come to the same place of the same claim soon after. A sink that is further
 * behind reads for itself, and so does one that is alone: nobody waits for anybody.
 */
export class SharedReads<Value> {
  readonly #readers: number;
  readonly #recycle: (value: Value) => void;
  readonly #waiting = new Map<string, Reading<Value>>();

  /**
   * @param readers how many sinks read everything.
   * @param recycle takes what all of them are done with. What one of them leaves without a word never comes here.
   */
  constructor(readers: number, recycle: (value: Value) => void = () => {}) {
    this.#readers = readers;
    this.#recycle = recycle;
  }

  /** @param key tells what is read from all else. @param read reads it. @throws what `read` throws. */
  async take(key: string, read: () => Promise<Value>): Promise<SharedRead<Value>> {
    const reading = this.#waiting.get(key) ?? this.#begin(key, read());
    reading.holders++;
    reading.readersLeft--;
    if (reading.readersLeft === 0) {
      this.#waiting.delete(key);
    }
    const value = await reading.value;
    const done = () => {
      reading.holders--;
      this.#recycleUnused(reading);
    };
    return { value, done };
  }

  #begin(key: string, value: Promise<Value>): Reading<Value> {
    const reading = { value, readersLeft: this.#readers, holders: 0 };
    this.#waiting.set(key, reading);
    const [oldest] = this.#waiting;
    if (this.#waiting.size > MAX_WAITING && oldest) {
      this.#forget(...oldest);
    }
    // Whoever comes later tries again.
    value.catch(() => this.#waiting.delete(key));
    return reading;
  }

  #forget(key: string, reading: Reading<Value>): void {
    this.#waiting.delete(key);
    reading.readersLeft = 0;
    this.#recycleUnused(reading);
  }

  #recycleUnused({ value, readersLeft, holders }: Reading<Value>): void {
    if (readersLeft === 0 && holders === 0) {
      void value.then(this.#recycle);
    }
  }
}
