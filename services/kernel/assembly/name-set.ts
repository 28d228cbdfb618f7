/*
 * The names of a line's tags, or of its fields, to tell whether two of them could be the same, or come out the same as
 * labels. Only their hashes are kept: names that merely have the same hash send the line to the reference parser too.
 */

const MOST_NAMES: u32 = 256;

const hashes = memory.data(8 * 256, 16);
const masks = memory.data(32, 16);
let count: u32 = 0;
/** Has the bit that the first six bits of a hash tell for every name that is there. */
let seen: u64 = 0;

/** Must be called once, before `addName`. */
export function prepareNames(): void {
  // Loading 16 bytes at 16 - n gives a mask of n bytes.
  memory.fill(masks, 0xff, 16);
  memory.fill(masks + 16, 0, 16);
}

export function clearNames(): void {
  count = 0;
  seen = 0;
}

/**
 * Adds a name of at least one byte.
 * @returns whether it is plain, and comes out unlike all others: ASCII, without a backslash or a digit at its start.
 */
export function addName(at: usize, length: usize): bool {
  const hash = hashOf(at, length);
  const bit = (<u64>1) << (hash >> 58);
  if (hash === 0 || count === MOST_NAMES || ((seen & bit) !== 0 && holds(hash))) {
    return false;
  }
  seen |= bit;
  store<u64>(hashes + ((<usize>count) << 3), hash);
  count++;
  return true;
}

function holds(hash: u64): bool {
  const end = hashes + ((<usize>count) << 3);
  for (let at: usize = hashes; at < end; at += 8) {
    if (load<u64>(at) === hash) {
      return true;
    }
  }
  return false;
}

/** A hash of the label name that a name comes to, or 0 if it is not plain. */
function hashOf(at: usize, length: usize): u64 {
  if (<u32>load<u8>(at) - 0x30 < 10) {
    return 0;
  }
  let hash: u64 = 0;
  let rest = length;
  while (true) {
    const bytes = rest < 16 ? v128.and(v128.load(at), v128.load(masks + 16 - rest)) : v128.load(at);
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
