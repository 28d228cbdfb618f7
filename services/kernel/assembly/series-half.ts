import { areSame, FINGERPRINT_BYTES } from "./fingerprint";

/*
 * One half of the index: fingerprints, numbered in the order in which they came, and a table to find them by.
 *
 * A cell:  u32 hash (the first word of the fingerprint), u32 number + 1 (0: the cell is empty)
 *
 * Labels are not held: the fingerprint stands for them. Senders send their series in the same order again and again; so
 * a look-up first tries the number after the one that was found last, which lies next in memory; and where another series
 * has come in between, or in the place of one, the number after that.
 */

const FIRST_CELLS: u32 = 1024;

/** No number: the fingerprint is new. */
export const NONE: u32 = 0xffffffff;

export class SeriesHalf {
  /** Fingerprints. Their numbers are 0 to this. */
  count: u32 = 0;
  private expected: u32 = 0;
  /** What comes next if the one that was found last does not stand where it stood before. */
  private resumed: u32 = 0;
  private prints: usize = 0;
  private cells: usize = 0;
  private mask: u32 = 0;

  /** @param print where a fingerprint is. @returns its number, or NONE. */
  find(print: usize): u32 {
    const expected = this.expected;
    if (expected < this.count && areSame(this.printOf(expected), print)) {
      this.expected = expected + 1;
      return expected;
    }
    const resumed = this.resumed;
    if (resumed < this.count && areSame(this.printOf(resumed), print)) {
      this.expected = resumed + 1;
      return resumed;
    }
    this.resumed = expected + 1;
    const number = this.lookUp(print);
    if (number !== NONE) {
      this.expected = number + 1;
    }
    return number;
  }

  /** Adds a fingerprint that is not there. @returns its number. */
  add(print: usize): u32 {
    if (this.cells === 0) {
      this.allocate(FIRST_CELLS);
    } else if (this.count === mostOf(this.mask)) {
      this.grow();
    }
    const number = this.count++;
    v128.store(this.printOf(number), v128.load(print));
    this.putIntoCell(load<u32>(print), number);
    return number;
  }

  /** Forgets all fingerprints and gives their memory back. */
  clear(): void {
    if (this.cells !== 0) {
      heap.free(this.cells);
      heap.free(this.prints);
    }
    this.cells = 0;
    this.prints = 0;
    this.mask = 0;
    this.count = 0;
    this.expected = 0;
    this.resumed = 0;
  }

  private printOf(number: u32): usize {
    return this.prints + <usize>number * FINGERPRINT_BYTES;
  }

  private lookUp(print: usize): u32 {
    if (this.count === 0) {
      return NONE;
    }
    const hash = load<u32>(print);
    const mask = this.mask;
    let cell = hash & mask;
    while (true) {
      const bits = load<u64>(this.cells + ((<usize>cell) << 3));
      if (bits === 0) {
        return NONE;
      }
      const number = <u32>(bits >> 32) - 1;
      if (<u32>bits === hash && areSame(this.printOf(number), print)) {
        return number;
      }
      cell = (cell + 1) & mask;
    }
  }

  private putIntoCell(hash: u32, number: u32): void {
    let cell = hash & this.mask;
    while (load<u64>(this.cells + ((<usize>cell) << 3)) !== 0) {
      cell = (cell + 1) & this.mask;
    }
    store<u64>(this.cells + ((<usize>cell) << 3), ((<u64>number + 1) << 32) | hash);
  }

  /** Allocates so many empty cells, and room for the fingerprints that may be in them. */
  private allocate(count: u32): void {
    const bytes = (<usize>count) << 3;
    this.cells = heap.alloc(bytes);
    memory.fill(this.cells, 0, bytes);
    this.mask = count - 1;
    this.prints = heap.alloc(<usize>mostOf(this.mask) * FINGERPRINT_BYTES);
  }

  private grow(): void {
    const cells = this.cells;
    const prints = this.prints;
    this.allocate((this.mask + 1) << 1);
    memory.copy(this.prints, prints, <usize>this.count * FINGERPRINT_BYTES);
    for (let number: u32 = 0; number < this.count; number++) {
      this.putIntoCell(load<u32>(this.printOf(number)), number);
    }
    heap.free(cells);
    heap.free(prints);
  }
}

/** Fingerprints that a table of `mask` + 1 cells takes: three quarters of them. */
function mostOf(mask: u32): u32 {
  return (mask >> 1) + (mask >> 2);
}
