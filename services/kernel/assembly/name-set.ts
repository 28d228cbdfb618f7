import { tailMask } from "./tail-mask";

/*
 * The names of a line's tags, or of its fields, to tell whether two of them could be the same, or come out the same as
 * labels. Only their hashes are kept: names that merely have the same hash send the line to the reference parser too.
 *
 * Lines that follow one another mostly have the same names. As long as a line repeats those of the one before, nothing
 * has to be looked at but that.
 */

const MOST_NAMES: u32 = 256;

/** A name is its hash, where it is, and its length. */
const NAME_BYTES: usize = 16;
const PLACE: usize = 8;
const LENGTH: usize = 12;

export class NameSet {
  private readonly names: usize = heap.alloc(NAME_BYTES * MOST_NAMES);
  private count: u32 = 0;
  /** Names of the set before. */
  private before: u32 = 0;
  /** Whether all names so far are those of the set before. */
  private repeats: bool = false;
  /** Has the bit that the first six bits of a hash tell for every name; nothing while names are repeated. */
  private seen: u64 = 0;

  /** Forgets the names of another body, whose bytes are there no more. */
  forget(): void {
    this.count = 0;
    this.clear();
  }

  /** Begins with a set of the same body. */
  clear(): void {
    this.before = this.count;
    this.count = 0;
    this.repeats = true;
  }

  /**
   * Adds a name of at least one byte.
   * @returns whether it is plain, and comes out unlike all others: ASCII, without a backslash or a digit at its start.
   */
  add(at: usize, length: usize): bool {
    const name = this.names + <usize>this.count * NAME_BYTES;
    if (this.repeats) {
      if (
        this.count < this.before &&
        <usize>load<u32>(name, LENGTH) === length &&
        areEqual(<usize>load<u32>(name, PLACE), at, length)
      ) {
        this.count++;
        return true;
      }
      this.stopRepeating();
    }
    const hash = hashOf(at, length);
    const bit = bitOf(hash);
    if (hash === 0 || this.count === MOST_NAMES || ((this.seen & bit) !== 0 && this.holds(hash))) {
      return false;
    }
    this.seen |= bit;
    store<u64>(name, hash);
    store<u32>(name, <u32>at, PLACE);
    store<u32>(name, <u32>length, LENGTH);
    this.count++;
    return true;
  }

  private stopRepeating(): void {
    this.repeats = false;
    this.seen = 0;
    const end = this.names + <usize>this.count * NAME_BYTES;
    for (let name = this.names; name < end; name += NAME_BYTES) {
      this.seen |= bitOf(load<u64>(name));
    }
  }

  private holds(hash: u64): bool {
    const end = this.names + <usize>this.count * NAME_BYTES;
    for (let name = this.names; name < end; name += NAME_BYTES) {
      if (load<u64>(name) === hash) {
        return true;
      }
    }
    return false;
  }
}

/** Whether two texts of a length are the same. Reads up to 15 bytes behind them, which make no difference. */
export function areEqual(a: usize, b: usize, length: usize): bool {
  while (length > 16) {
    if (v128.any_true(v128.xor(v128.load(a), v128.load(b)))) {
      return false;
    }
    a += 16;
    b += 16;
    length -= 16;
  }
  const difference = v128.xor(v128.load(a), v128.load(b));
  return !v128.any_true(v128.and(difference, tailMask(length)));
}

function bitOf(hash: u64): u64 {
  return (<u64>1) << (hash >> 58);
}

/** A hash of the label name that a name comes to, or 0 if it is not plain. */
function hashOf(at: usize, length: usize): u64 {
  if (<u32>load<u8>(at) - 0x30 < 10) {
    return 0;
  }
  let hash: u64 = 0;
  let rest = length;
  while (true) {
    const bytes = rest < 16 ? v128.and(v128.load(at), tailMask(rest)) : v128.load(at);
    // The highest bit of a byte is set in what is not ASCII, and here in backslashes too.
    if (i8x16.bitmask(v128.or(bytes, i8x16.eq(bytes, i8x16.splat(0x5c)))) !== 0) {
      return 0;
    }
    const label = asLabel(bytes);
    hash = (hash ^ i64x2.extract_lane(label, 0)) * 0x9e3779b97f4a7c15;
    hash = ((hash >> 29) ^ hash ^ i64x2.extract_lane(label, 1)) * 0xbf58476d1ce4e5b9;
    hash ^= hash >> 32;
    if (rest <= 16) {
      return hash;
    }
    at += 16;
    rest -= 16;
  }
}

/** Everything but letters and digits as an underscore. Zeros stand behind the end of a name, which has none. */
function asLabel(bytes: v128): v128 {
  const lower = v128.or(bytes, i8x16.splat(0x20));
  const letters = i8x16.lt_u(i8x16.sub(lower, i8x16.splat(0x61)), i8x16.splat(26));
  const digits = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x30)), i8x16.splat(10));
  const zeros = i8x16.eq(bytes, i8x16.splat(0));
  return v128.bitselect(bytes, i8x16.splat(0x5f), v128.or(v128.or(letters, digits), zeros));
}
