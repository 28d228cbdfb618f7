import type { Refusal } from "../reasons.ts";
import type { Memory, Room } from "./memory-budget.ts";

const SMALLEST_BYTES = 16 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * One piece of memory that chunks are copied into, however small they come: kept as they are, a million of one byte
 * would take a hundred times their size. Its memory is taken before it is made.
 */
export class GrowingBuffer {
  readonly #memory: Memory;
  readonly #maxBytes: number;
  #bytes: Buffer = NOTHING;
  #length = 0;
  /** Bytes of memory that are taken. */
  #capacity = 0;

  /** @param maxBytes it grows no further; whoever adds has to see to that. */
  constructor(memory: Memory, maxBytes: number) {
    this.#memory = memory;
    this.#maxBytes = maxBytes;
  }

  /** Bytes added so far. */
  get length(): number {
    return this.#length;
  }

  /** Makes room for `capacity` bytes in all, so that nothing is copied until there are more. */
  reserve(capacity: number): Room {
    if (capacity <= this.#capacity) {
      return { ok: true };
    }
    const room = this.#memory.take(capacity);
    if (room.ok) {
      if (this.#length > 0) {
        this.#grow(capacity);
      }
      this.#memory.give(this.#capacity);
      this.#capacity = capacity;
    }
    return room;
  }

  /** Adds a chunk. @returns the refusal where there is no memory for it. */
  add(chunk: Uint8Array): Refusal | undefined {
    const length = this.#length + chunk.length;
    if (length > this.#capacity) {
      const capacity = Math.min(Math.max(2 * this.#capacity, length, SMALLEST_BYTES), this.#maxBytes);
      const room = this.reserve(capacity);
      if (!room.ok) {
        return room;
      }
    }
    if (this.#bytes.length < this.#capacity) {
      this.#grow(this.#capacity);
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = length;
    return undefined;
  }

  /** What was added. It shares memory with this object, which must not grow afterwards. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Its memory is made when there is something to put into it. */
  #grow(capacity: number): void {
    const bytes = Buffer.allocUnsafeSlow(capacity);
    this.#bytes.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
  }
}
