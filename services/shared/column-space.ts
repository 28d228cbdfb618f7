/** Gives columns. What their entries are at first is not said. */
export interface ColumnMaker {
  int32(length: number): Int32Array;
  float64(length: number): Float64Array;
  bigUint64(length: number): BigUint64Array;
}

/** Columns that each have memory of their own. */
export const OWN_COLUMNS: ColumnMaker = {
  int32: (length) => new Int32Array(length),
  float64: (length) => new Float64Array(length),
  bigUint64: (length) => new BigUint64Array(length),
};

/** Columns of any kind begin where one of 64 bits may. */
const ALIGNMENT = 8;
/** What is needed next is mostly about as large. Memory that nothing was written to yet costs nothing. */
const SPARE_ROOM = 1.25;

/**
 * Memory for columns that are needed for a short time only, one behind the other, which is used again and again. New memory
 * each time would be given back by a collection of V8 alone, which counts it as growth of its heap and then looks through all of that.
 */
export class ColumnSpace implements ColumnMaker {
  #memory = new ArrayBuffer(0);
  /** How many bytes all columns since the last `clear` take; those for which there was no room have memory of their own. */
  #wantedBytes = 0;

  int32(length: number): Int32Array {
    const at = this.#place(length * Int32Array.BYTES_PER_ELEMENT);
    return at === undefined ? new Int32Array(length) : new Int32Array(this.#memory, at, length);
  }

  float64(length: number): Float64Array {
    const at = this.#place(length * Float64Array.BYTES_PER_ELEMENT);
    return at === undefined ? new Float64Array(length) : new Float64Array(this.#memory, at, length);
  }

  bigUint64(length: number): BigUint64Array {
    const at = this.#place(length * BigUint64Array.BYTES_PER_ELEMENT);
    return at === undefined ? new BigUint64Array(length) : new BigUint64Array(this.#memory, at, length);
  }

  /** Makes room for new columns where those are that were given so far: nothing may use these any more. */
  clear(): void {
    if (this.#wantedBytes > this.#memory.byteLength) {
      this.#memory = new ArrayBuffer(Math.ceil(this.#wantedBytes * SPARE_ROOM));
    }
    this.#wantedBytes = 0;
  }

  /** Where a column goes; undefined where there is no room for it. */
  #place(bytes: number): number | undefined {
    const at = this.#wantedBytes;
    this.#wantedBytes += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    return this.#wantedBytes <= this.#memory.byteLength ? at : undefined;
  }
}

/** What a slice takes: one for itself, and one while it is made. Those of more slices at a time are not kept. */
const MAX_SPARE = 2;

/** Spaces that nobody needs now. */
export class SpareSpaces {
  readonly #spare: ColumnSpace[] = [];

  take(): ColumnSpace {
    return this.#spare.pop() ?? new ColumnSpace();
  }

  /** Takes a space back whose columns nothing uses any more. One that is never given back is lost to nobody but its memory. */
  giveBack(space: ColumnSpace): void {
    space.clear();
    if (this.#spare.length < MAX_SPARE) {
      this.#spare.push(space);
    }
  }
}
