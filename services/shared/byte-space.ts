const FIRST_CHUNK_BYTES = 4096;

/** Where bytes are: from `start` to `end` in a chunk that others have a part of. */
export interface KeptBytes {
  readonly chunk: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/**
 * Room for many short runs of bytes, outside of V8's heap: they are copied one behind the other into chunks. A Buffer of its own
 * for each would take 150 bytes more, and what is read together can be copied together.
 *
 * A chunk is given back when nothing in it is needed any more; so what is to stay while others go has to be kept again from
 * time to time, lest a few runs keep many chunks.
 */
export class ByteSpace {
  readonly #maxChunkBytes: number;
  #chunk = Buffer.alloc(0);
  #end = 0;

  /** @param maxChunkBytes that chunks grow to; only what is longer has a larger one. */
  constructor(maxChunkBytes: number) {
    this.#maxChunkBytes = maxChunkBytes;
  }

  /** Keeps a copy of some bytes. */
  keep(bytes: Uint8Array): KeptBytes {
    if (bytes.length > this.#chunk.length - this.#end) {
      const chunkBytes = Math.min(Math.max(2 * this.#chunk.length, FIRST_CHUNK_BYTES), this.#maxChunkBytes);
      this.#chunk = Buffer.allocUnsafeSlow(Math.max(chunkBytes, bytes.length));
      this.#end = 0;
    }
    const start = this.#end;
    this.#chunk.set(bytes, start);
    this.#end = start + bytes.length;
    return { chunk: this.#chunk, start, end: this.#end };
  }
}
