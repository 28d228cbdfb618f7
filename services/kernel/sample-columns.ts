import { MAX_ROWS } from "./codec.ts";

/** A request has more than `MAX_ROWS` series or samples. */
export class TooManyRows extends Error {
  /** @param rows what there are too many of. */
  constructor(rows: "series" | "samples") {
    super(`the body has more than ${MAX_ROWS} ${rows}; send it in parts`);
  }
}

/** Columns of timestamps and value bits that grow as rows are added. */
export class GrowingColumns {
  #timestampsMs = new Float64Array(1024);
  #valueWords = new Uint32Array(2048);
  #length = 0;

  /** Rows so far. */
  get length(): number {
    return this.#length;
  }

  /**
   * Adds a row.
   * @param low the low 32 bits of the value, @param high the high ones. @throws TooManyRows
   */
  push(timestampMs: number, low: number, high: number): void {
    if (this.#length === this.#timestampsMs.length) {
      this.#grow();
    }
    this.#timestampsMs[this.#length] = timestampMs;
    this.#valueWords[2 * this.#length] = low;
    this.#valueWords[2 * this.#length + 1] = high;
    this.#length++;
  }

  /** The rows. The columns share memory with this object, which must not grow afterwards. */
  finish(): { timestampsMs: Float64Array; valueBits: BigUint64Array } {
    return {
      timestampsMs: this.#timestampsMs.subarray(0, this.#length),
      valueBits: new BigUint64Array(this.#valueWords.buffer, 0, this.#length),
    };
  }

  #grow(): void {
    if (this.#length >= MAX_ROWS) {
      throw new TooManyRows("samples");
    }
    const timestampsMs = new Float64Array(2 * this.#timestampsMs.length);
    timestampsMs.set(this.#timestampsMs);
    const valueWords = new Uint32Array(2 * this.#valueWords.length);
    valueWords.set(this.#valueWords);
    this.#timestampsMs = timestampsMs;
    this.#valueWords = valueWords;
  }
}
