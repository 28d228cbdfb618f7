import { hashLabels } from "./label-hash";

/*
 * One half of the index: label bytes of streams, each with a number. What is found by hash is compared byte by byte.
 *
 * An entry:  u32 number   u32 stream   u32 length   the bytes, and up to 16 more so that they may be read in sixteens
 * A cell:    u32 hash, u32 where the entry is (0: the cell is empty)
 *
 * Entries lie in chunks that are given back when the half is cleared.
 */

const NUMBER: usize = 0;
const STREAM: usize = 4;
const LENGTH: usize = 8;
const ENTRY_HEAD_BYTES: usize = 12;
const CHUNK_BYTES: usize = 1 << 20;
const FIRST_CELLS: u32 = 1024;

/** Bytes of the longest label set that is remembered. */
export const MAX_KEY_BYTES: u32 = 65_536;

export class SeriesHalf {
  /** Entries. Their numbers are 0 to this. */
  count: u32 = 0;
  /** Bytes that they take. */
  entryBytes: usize = 0;
  private cells: usize = 0;
  private mask: u32 = 0;
  private next: usize = 0;
  private chunkEnd: usize = 0;
  /** Chunks are a list: the first word of each is where the one before is. */
  private chunk: usize = 0;

  /** @returns the entry of these bytes, or 0. */
  find(hash: u32, stream: u32, at: usize, length: u32): usize {
    if (this.count === 0) {
      return 0;
    }
    const cells = this.cells;
    const mask = this.mask;
    let cell = hash & mask;
    while (true) {
      const bits = load<u64>(cells + ((<usize>cell) << 3));
      if (bits === 0) {
        return 0;
      }
      const entry = <usize>(bits >> 32);
      if (<u32>bits === hash && isEntryOf(entry, stream, at, length)) {
        return entry;
      }
      cell = (cell + 1) & mask;
    }
  }

  /** Loads the cell where a look-up begins. */
  warmCell(hash: u32): u64 {
    return this.count === 0 ? 0 : load<u64>(this.cells + ((<usize>(hash & this.mask)) << 3));
  }

  /** Loads the lines of the entry that a look-up most likely compares with. */
  warmEntry(hash: u32): u64 {
    const bits = this.warmCell(hash);
    if (<u32>bits !== hash || bits === 0) {
      return 0;
    }
    const entry = <usize>(bits >> 32);
    const end = entry + load<u32>(entry, LENGTH);
    let sum: u64 = 0;
    for (let at = entry + 64; at < end; at += 64) {
      sum += load<u8>(at);
    }
    return sum;
  }

  /** Adds bytes that are not there. @returns their number. */
  add(hash: u32, stream: u32, at: usize, length: u32): u32 {
    if (this.cells === 0) {
      this.allocateCells(FIRST_CELLS);
    } else if (this.count >= (this.mask >> 1) + (this.mask >> 2)) {
      this.growCells();
    }
    const entry = this.allocateEntry(ENTRY_HEAD_BYTES + length + 16);
    store<u32>(entry, this.count, NUMBER);
    store<u32>(entry, stream, STREAM);
    store<u32>(entry, length, LENGTH);
    memory.copy(entry + ENTRY_HEAD_BYTES, at, length);
    this.putIntoCell(((<u64>entry) << 32) | hash);
    return this.count++;
  }

  /** Forgets all entries and gives their memory back. */
  clear(): void {
    while (this.chunk !== 0) {
      const before = load<usize>(this.chunk);
      heap.free(this.chunk);
      this.chunk = before;
    }
    if (this.cells !== 0) {
      heap.free(this.cells);
    }
    this.cells = 0;
    this.mask = 0;
    this.count = 0;
    this.entryBytes = 0;
    this.next = 0;
    this.chunkEnd = 0;
  }

  private putIntoCell(bits: u64): void {
    let cell = <u32>bits & this.mask;
    while (load<u64>(this.cells + ((<usize>cell) << 3)) !== 0) {
      cell = (cell + 1) & this.mask;
    }
    store<u64>(this.cells + ((<usize>cell) << 3), bits);
  }

  private allocateCells(count: u32): void {
    const bytes = (<usize>count) << 3;
    this.cells = heap.alloc(bytes);
    memory.fill(this.cells, 0, bytes);
    this.mask = count - 1;
  }

  private growCells(): void {
    const old = this.cells;
    const end = old + ((<usize>this.mask + 1) << 3);
    this.allocateCells((this.mask + 1) << 1);
    for (let cell = old; cell < end; cell += 8) {
      const bits = load<u64>(cell);
      if (bits !== 0) {
        this.putIntoCell(bits);
      }
    }
    heap.free(old);
  }

  private allocateEntry(bytes: usize): usize {
    const rounded = (bytes + 3) & ~3;
    if (this.chunkEnd - this.next < rounded) {
      const chunk = heap.alloc(CHUNK_BYTES);
      store<usize>(chunk, this.chunk);
      this.chunk = chunk;
      this.next = chunk + 16;
      this.chunkEnd = chunk + CHUNK_BYTES;
    }
    const entry = this.next;
    this.next += rounded;
    this.entryBytes += rounded;
    return entry;
  }
}

/** The number of an entry. */
export function numberOf(entry: usize): u32 {
  return load<u32>(entry, NUMBER);
}

/** The hash that `find` and `add` want. */
export function hashOf(stream: u32, at: usize, length: u32): u32 {
  return hashLabels(at, length, stream);
}

function isEntryOf(entry: usize, stream: u32, at: usize, length: u32): bool {
  return (
    load<u32>(entry, LENGTH) === length &&
    load<u32>(entry, STREAM) === stream &&
    areEqual(entry + ENTRY_HEAD_BYTES, at, length)
  );
}

function areEqual(a: usize, b: usize, length: u32): bool {
  const sixteens = a + <usize>(length & ~15);
  while (a < sixteens) {
    if (v128.any_true(v128.xor(v128.load(a), v128.load(b)))) {
      return false;
    }
    a += 16;
    b += 16;
  }
  for (let rest = length & 15; rest > 0; rest--) {
    if (load<u8>(a++) !== load<u8>(b++)) {
      return false;
    }
  }
  return true;
}
