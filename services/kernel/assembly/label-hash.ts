/*
 * The hash that the index finds label bytes by. It never leaves the process, and it is keyed: whoever does not know the
 * key cannot make label sets that fall on one another (NH of UMAC, RFC 4418 5.2: two texts get the same sum for one key
 * in 2^32).
 */

/** Bytes that one run of the key is long. Longer texts are hashed in pieces. */
const PIECE_BYTES: u32 = 1024;

const key = memory.data(PIECE_BYTES + 16, 16);
const tailMasks = memory.data(32, 16);

/** Where the host writes the key, `hashKeyBytes()` random bytes. */
export function hashKeyAt(): usize {
  return key;
}

export function hashKeyBytes(): u32 {
  return PIECE_BYTES + 16;
}

/** Must be called once, before `hashLabels`. */
export function prepareHash(): void {
  // Loading 16 bytes at 16 - n gives a mask of n bytes.
  memory.fill(tailMasks, 0xff, 16);
  memory.fill(tailMasks + 16, 0, 16);
}

/** The hash of some bytes in a stream. Reads up to 15 bytes behind them, which make no difference. */
export function hashLabels(at: usize, length: u32, stream: u32): u32 {
  let hash: u64 = ((<u64>stream) << 32) | length;
  let rest = length;
  while (rest > PIECE_BYTES) {
    hash = mix(hash ^ sumOf(at, PIECE_BYTES));
    at += PIECE_BYTES;
    rest -= PIECE_BYTES;
  }
  return <u32>mix(hash ^ sumOf(at, rest));
}

function sumOf(at: usize, length: u32): u64 {
  let sums = i64x2.splat(0);
  let keyAt: usize = key;
  const whole = at + <usize>(length & ~15);
  while (at < whole) {
    sums = i64x2.add(sums, products(v128.load(at), v128.load(keyAt)));
    at += 16;
    keyAt += 16;
  }
  const tail = <usize>(length & 15);
  if (tail !== 0) {
    const bytes = v128.and(v128.load(at), v128.load(tailMasks + 16 - tail));
    sums = i64x2.add(sums, products(bytes, v128.load(keyAt)));
  }
  return i64x2.extract_lane(sums, 0) + i64x2.extract_lane(sums, 1);
}

function products(bytes: v128, keys: v128): v128 {
  const words = i32x4.add(bytes, keys);
  return i64x2.extmul_low_i32x4_u(words, i32x4.shuffle(words, words, 2, 3, 0, 1));
}

/** Spreads all bits over all bits (the end of MurmurHash3, which is in the public domain). */
function mix(bits: u64): u64 {
  bits ^= bits >> 33;
  bits *= 0xff51afd7ed558ccd;
  bits ^= bits >> 33;
  bits *= 0xc4ceb9fe1a85ec53;
  return bits ^ (bits >> 33);
}
