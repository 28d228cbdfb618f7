const FIRST_CHUNK_BYTES = 4096;
const MAX_CHUNK_BYTES = 1_048_576;

/**
 * Room for many small records outside of V8's heap: they are copied behind each other into chunks. A chunk is given back
 * when the last record in it is not used any more; so what shall stay is copied again from time to time, lest a
 * few old records keep many chunks.
 */
export class RecordSpace {
  #chunk = Buffer.alloc(0);
  #used = 0;

  /** Copies a record. @returns the copy. */
  hold(record: Uint8Array): Buffer {
    if (this.#used + record.length > this.#chunk.length) {
      const chunkBytes = Math.min(Math.max(2 * this.#chunk.length, FIRST_CHUNK_BYTES), MAX_CHUNK_BYTES);
      this.#chunk = Buffer.allocUnsafeSlow(Math.max(chunkBytes, record.length));
      this.#used = 0;
    }
    const copy = this.#chunk.subarray(this.#used, this.#used + record.length);
    copy.set(record);
    this.#used += record.length;
    return copy;
  }
}
