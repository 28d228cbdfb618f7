const FIRST_CHUNK_BYTES = 4096;
const MAX_CHUNK_BYTES = 1_048_576;
/** No chunk is as long: an address is the number of a chunk, times this, and a place in it. */
const ADDRESSES_PER_CHUNK = 2 ** 32;

/** Room for many small records outside of V8's heap: they are copied behind each other into chunks. */
export class RecordSpace {
  readonly #chunks: Buffer[] = [];
  #chunk = Buffer.alloc(0);
  #used = 0;
  #bytes = 0;

  /** Bytes of all records. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Copies records that stand one behind the other. @returns the address of the first. */
  hold(records: Buffer): number {
    if (this.#used + records.length > this.#chunk.length) {
      const chunkBytes = Math.min(Math.max(2 * this.#chunk.length, FIRST_CHUNK_BYTES), MAX_CHUNK_BYTES);
      this.#chunk = Buffer.allocUnsafeSlow(Math.max(chunkBytes, records.length));
      this.#chunks.push(this.#chunk);
      this.#used = 0;
    }
    const address = (this.#chunks.length - 1) * ADDRESSES_PER_CHUNK + this.#used;
    this.#chunk.set(records, this.#used);
    this.#used += records.length;
    this.#bytes += records.length;
    return address;
  }

  /** The bytes at an address. Not to be written to. */
  at(address: number, bytes: number): Buffer {
    const start = address % ADDRESSES_PER_CHUNK;
    return this.#chunkOf(address).subarray(start, start + bytes);
  }

  /** Copies bytes from an address. @param to where in `target`. */
  copy(address: number, bytes: number, target: Buffer, to: number): void {
    const start = address % ADDRESSES_PER_CHUNK;
    this.#chunkOf(address).copy(target, to, start, start + bytes);
  }

  #chunkOf(address: number): Buffer {
    const chunk = this.#chunks[Math.floor(address / ADDRESSES_PER_CHUNK)];
    if (!chunk) {
      throw new Error(`cannot read records at ${address}: there are none`);
    }
    return chunk;
  }
}
