const CHUNK_BYTES = 256 * 1024;

/** Where bytes are: from `start` to `end` in a chunk that others have a part of. */
export interface KeptBytes {
  readonly chunk: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/**
 * Keeps the labels of series one behind the other, in chunks: a Buffer of its own for each would take 150 bytes more, and
 * those of series that are read together can be copied together. A chunk is given back when no series needs it any more.
 */
export class LabelSpace {
  #chunk = new Uint8Array(0);
  #end = 0;

  /** Keeps a copy of some bytes. */
  keep(bytes: Uint8Array): KeptBytes {
    if (bytes.length > this.#chunk.length - this.#end) {
      this.#chunk = new Uint8Array(Math.max(CHUNK_BYTES, bytes.length));
      this.#end = 0;
    }
    const start = this.#end;
    this.#chunk.set(bytes, start);
    this.#end = start + bytes.length;
    return { chunk: this.#chunk, start, end: this.#end };
  }
}
