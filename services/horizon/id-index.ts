/** No number. */
export const NONE = -1;

const FIRST_CELLS = 1024;
/** A cell: both halves of an id, and its number plus one, 0 where the cell is empty. */
const CELL_WORDS = 4;
const NUMBER = 2;

/** Two odd numbers that nobody can foretell: who chooses ids must not know where in the table they fall. */
export type IdMultipliers = readonly [number, number];

/**
 * Numbers for 64-bit ids. An id is given as its two halves, as an Int32Array has them that lies over a column of ids:
 * a map with BigInts for keys takes five times as long, and makes a BigInt of every id that is looked up.
 */
export class IdIndex {
  readonly #multipliers: IdMultipliers;
  #cells = new Int32Array(FIRST_CELLS * CELL_WORDS);
  /** How far a hash is shifted to the right to be the number of a cell. */
  #shift = 32 - Math.log2(FIRST_CELLS);
  #size = 0;

  constructor(multipliers: IdMultipliers) {
    this.#multipliers = multipliers;
  }

  /** Ids that have a number. */
  get size(): number {
    return this.#size;
  }

  /** The number of an id, or NONE. @param low its low 32 bits, @param high its high ones. */
  get(low: number, high: number): number {
    return (this.#cells[this.#find(low, high) + NUMBER] ?? 0) - 1;
  }

  /**
   * The numbers of some ids, NONE for those that have none. Where ids come in the order of their numbers these are guessed: no
   * look-up is as quick as a right guess.
   * @param listed the halves of the ids by number. @param count how many of the numbers may be guessed.
   */
  getAll(ids: BigUint64Array, listed: Int32Array, count: number): Int32Array {
    const halves = halvesOf(ids);
    const numbers = new Int32Array(ids.length);
    let next = 0;
    for (let i = 0; i < numbers.length; i++) {
      const low = halves[2 * i] ?? 0;
      const high = halves[2 * i + 1] ?? 0;
      const isNext = next < count && listed[2 * next] === low && listed[2 * next + 1] === high;
      const number = isNext ? next : this.get(low, high);
      numbers[i] = number;
      next = number + 1;
    }
    return numbers;
  }

  /** Gives an id that has none a number, from 0 to 2³¹ - 2. */
  set(low: number, high: number, number: number): void {
    if (this.#size >= this.#cells.length / (2 * CELL_WORDS)) {
      this.#grow();
    }
    this.#put(low, high, number + 1);
    this.#size++;
  }

  clear(): void {
    this.#cells = new Int32Array(FIRST_CELLS * CELL_WORDS);
    this.#shift = 32 - Math.log2(FIRST_CELLS);
    this.#size = 0;
  }

  /** Where the cell of an id is, or the empty one that it would be put into. */
  #find(low: number, high: number): number {
    const cells = this.#cells;
    const last = cells.length - CELL_WORDS;
    const [first, second] = this.#multipliers;
    let cell = ((Math.imul(low, first) + Math.imul(high, second)) >>> this.#shift) * CELL_WORDS;
    while (cells[cell + NUMBER] !== 0 && (cells[cell] !== low || cells[cell + 1] !== high)) {
      cell = cell === last ? 0 : cell + CELL_WORDS;
    }
    return cell;
  }

  #put(low: number, high: number, numberPlusOne: number): void {
    const cell = this.#find(low, high);
    this.#cells[cell] = low;
    this.#cells[cell + 1] = high;
    this.#cells[cell + NUMBER] = numberPlusOne;
  }

  #grow(): void {
    const old = this.#cells;
    this.#cells = new Int32Array(old.length * 2);
    this.#shift--;
    for (let cell = 0; cell < old.length; cell += CELL_WORDS) {
      const numberPlusOne = old[cell + NUMBER] ?? 0;
      if (numberPlusOne !== 0) {
        this.#put(old[cell] ?? 0, old[cell + 1] ?? 0, numberPlusOne);
      }
    }
  }
}

/** The halves of some ids: of each the low one, then the high one. A view, not a copy. */
export function halvesOf(ids: BigUint64Array): Int32Array {
  return new Int32Array(ids.buffer, ids.byteOffset, 2 * ids.length);
}

/** Multipliers for an index of this process. @param fillRandom fills bytes with random ones. */
export function randomMultipliers(fillRandom: (words: Uint32Array) => void): IdMultipliers {
  const words = new Uint32Array(2);
  fillRandom(words);
  return [(words[0] ?? 0) | 1, (words[1] ?? 0) | 1];
}
