/** What a series is found by: its stream and the halves of its id. */
export interface SeriesKey {
  stream: number;
  /** Signed numbers of 32 bits. */
  idLow: number;
  idHigh: number;
}

/** Three odd numbers of 32 bits that no sender can know. */
export type HashSecret = readonly [number, number, number];

/** For tables that no sender can fill. */
export const KNOWN_SECRET: HashSecret = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d];

/** Tells what a numbered series is found by. */
interface SeriesKeys {
  isSame(series: number, key: SeriesKey): boolean;
  keyOf(series: number): SeriesKey;
}

const FIRST_CELLS_LOG2 = 6;

/**
 * Numbers of series by stream and id: a table with open addressing, whose cells hold nothing but numbers. Senders choose
 * the labels that ids are made of; which cell that comes to depends on a secret, so they cannot make chains long.
 */
export class SeriesById {
  readonly #keys: SeriesKeys;
  readonly #secret: HashSecret;
  /** Numbers + 1; 0: the cell is empty. */
  #cells = new Uint32Array(0);
  #cellsLog2 = FIRST_CELLS_LOG2 - 1;
  #used = 0;

  constructor(keys: SeriesKeys, secret: HashSecret) {
    this.#keys = keys;
    this.#secret = secret;
  }

  /** The series that was put in last of those with this key. */
  find(key: SeriesKey): number | undefined {
    if (this.#used === 0) {
      return undefined;
    }
    const number = this.#cells[this.#cellOf(key)] ?? 0;
    return number === 0 ? undefined : number - 1;
  }

  /** Puts a series in, in the place of one with the same key. */
  put(series: number, key: SeriesKey): void {
    if (4 * this.#used >= 3 * this.#cells.length) {
      this.#grow();
    }
    const cell = this.#cellOf(key);
    if (this.#cells[cell] === 0) {
      this.#used++;
    }
    this.#cells[cell] = series + 1;
  }

  /** Where a key is, or an empty cell where it would be. */
  #cellOf(key: SeriesKey): number {
    const { stream, idLow, idHigh } = key;
    const [first, second, third] = this.#secret;
    const hash = Math.imul(idLow, first) + Math.imul(idHigh, second) + Math.imul(stream, third);
    const mask = this.#cells.length - 1;
    let cell = (hash | 0) >>> (32 - this.#cellsLog2);
    for (;;) {
      const number = this.#cells[cell] ?? 0;
      if (number === 0 || this.#keys.isSame(number - 1, key)) {
        return cell;
      }
      cell = (cell + 1) & mask;
    }
  }

  #grow(): void {
    const cells = this.#cells;
    this.#cellsLog2++;
    this.#cells = new Uint32Array(2 ** this.#cellsLog2);
    this.#used = 0;
    for (const number of cells) {
      if (number !== 0) {
        this.put(number - 1, this.#keys.keyOf(number - 1));
      }
    }
  }
}
