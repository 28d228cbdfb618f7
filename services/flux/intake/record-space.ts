const FIRST_CHUNK_BYTES = 4096;
const MAX_CHUNK_BYTES = 1_048_576;
/** No chunk is as long: an address is the number of a chunk, times this, and a place in it. */
const ADDRESSES_PER_CHUNK = 2 ** 32;

/**
 * Room for many small records, each behind its length, outside of V8's heap: they are copied behind each other into chunks. A
 * chunk is given back when none of its records is used any more.
 */
export class RecordSpace {
  readonly #chunks: (Buffer | undefined)[] = [];
  /** Records in use, by chunk. */
  readonly #users: number[] = [];
  #chunk = Buffer.alloc(0);
  #used = 0;
  #bytes = 0;

  /** Bytes of all records. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Copies records that stand one behind the other, each behind its length. @returns the address of the first length. */
  hold(records: Uint8Array): number {
    if (this.#used + records.length > this.#chunk.length) {
      const chunkBytes = Math.min(Math.max(2 * this.#chunk.length, FIRST_CHUNK_BYTES), MAX_CHUNK_BYTES);
      this.#chunk = Buffer.allocUnsafeSlow(Math.max(chunkBytes, records.length));
      this.#chunks.push(this.#chunk);
      this.#users.push(0);
      this.#used = 0;
    }
    const address = (this.#chunks.length - 1) * ADDRESSES_PER_CHUNK + this.#used;
    this.#chunk.set(records, this.#used);
    this.#used += records.length;
    this.#bytes += records.length;
    return address;
  }

  /** Says that a record is used, @param address anywhere in it. */
  use(address: number): void {
    const chunk = chunkAt(address);
    this.#users[chunk] = (this.#users[chunk] ?? 0) + 1;
  }

  /** Says that a record is not used any more. */
  release(address: number): void {
    const chunk = chunkAt(address);
    const users = (this.#users[chunk] ?? 0) - 1;
    this.#users[chunk] = users;
    if (users === 0 && this.#chunks[chunk] !== this.#chunk) {
      this.#chunks[chunk] = undefined;
    }
  }

  /** The bytes at an address. Not to be written to. */
  at(address: number, bytes: number): Buffer {
    const start = address % ADDRESSES_PER_CHUNK;
    return this.#chunkOf(address).subarray(start, start + bytes);
  }

  /** Copies bytes from an address. @param to where in `target`. @returns where they end there. */
  copy(address: number, bytes: number, target: Buffer, to: number): number {
    if (bytes > 0) {
      target.set(this.at(address, bytes), to);
    }
    return to + bytes;
  }

  #chunkOf(address: number): Buffer {
    const chunk = this.#chunks[chunkAt(address)];
    if (!chunk) {
      throw new Error(`cannot read records at ${address}: there are none`);
    }
    return chunk;
  }
}

function chunkAt(address: number): number {
  return Math.floor(address / ADDRESSES_PER_CHUNK);
}
