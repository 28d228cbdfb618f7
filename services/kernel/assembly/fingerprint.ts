import { tailMask } from "./tail-mask";

/*
 * The fingerprint that stands for label bytes in the index: three sums of 64 bits (NH of UMAC, RFC 4418 5.2), each under
 * a part of the key of its own, each mixed down to 32 bits.
 *
 * It is keyed with random bytes that never leave the process, so nobody can look for label sets that fall on one another:
 * two of them get the same sum for one key in 2^32, and the same fingerprint for one in about 2^90.
 */

/** Bytes that one run of the key is long. Longer texts are hashed in pieces. */
const PIECE_BYTES: u32 = 1024;
/** What is hashed at a time: two halves, of which each word is multiplied with the same one of the other. */
const BLOCK_BYTES: usize = 32;
const HALF_BYTES: usize = 16;
/** The second sum begins 16 bytes later in the key than the first, the third 32. */
const KEY_BYTES: u32 = PIECE_BYTES + 32;

const key = memory.data(KEY_BYTES, 16);

/** Bytes of a fingerprint: three words, and one of zeros that makes it easy to compare. */
export const FINGERPRINT_BYTES: usize = 16;

/** Where the host writes the key, `hashKeyBytes()` random bytes. */
export function hashKeyAt(): usize {
  return key;
}

export function hashKeyBytes(): u32 {
  return KEY_BYTES;
}

/** Writes the fingerprint of some bytes in a stream. Reads up to 31 bytes behind them, which make no difference. */
export function takeFingerprint(at: usize, length: u32, stream: u32, to: usize): void {
  let first: u64 = ((<u64>stream) << 32) | length;
  let second = first;
  let third = first;
  let rest = length;
  while (true) {
    const pieceBytes = <usize>min(rest, PIECE_BYTES);
    let firstSums = i64x2.splat(0);
    let secondSums = i64x2.splat(0);
    let thirdSums = i64x2.splat(0);
    let keyAt: usize = key;
    let firstKey = v128.load(key);
    let secondKey = v128.load(key, HALF_BYTES);
    let left = pieceBytes;
    while (left !== 0) {
      let low = v128.load(at);
      let high = v128.load(at, HALF_BYTES);
      if (left < BLOCK_BYTES) {
        low = v128.and(low, tailMask(min(left, HALF_BYTES)));
        high = v128.and(high, tailMask(max(left, HALF_BYTES) - HALF_BYTES));
        left = BLOCK_BYTES;
      }
      const thirdKey = v128.load(keyAt, 2 * HALF_BYTES);
      const fourthKey = v128.load(keyAt, 3 * HALF_BYTES);
      firstSums = i64x2.add(firstSums, products(i32x4.add(low, firstKey), i32x4.add(high, secondKey)));
      secondSums = i64x2.add(secondSums, products(i32x4.add(low, secondKey), i32x4.add(high, thirdKey)));
      thirdSums = i64x2.add(thirdSums, products(i32x4.add(low, thirdKey), i32x4.add(high, fourthKey)));
      firstKey = thirdKey;
      secondKey = fourthKey;
      at += BLOCK_BYTES;
      keyAt += BLOCK_BYTES;
      left -= BLOCK_BYTES;
    }
    first = mix(first ^ sumOf(firstSums));
    second = mix(second ^ sumOf(secondSums));
    third = mix(third ^ sumOf(thirdSums));
    if (rest <= PIECE_BYTES) {
      break;
    }
    rest -= PIECE_BYTES;
  }
  store<u64>(to, (second << 32) | <u64>(<u32>first));
  store<u64>(to, <u64>(<u32>third), 8);
}

/** Whether two fingerprints are the same. */
export function areSame(a: usize, b: usize): bool {
  return load<u64>(a) === load<u64>(b) && load<u64>(a, 8) === load<u64>(b, 8);
}

/** The products of four words each, in two sums. */
function products(low: v128, high: v128): v128 {
  return i64x2.add(i64x2.extmul_low_i32x4_u(low, high), i64x2.extmul_high_i32x4_u(low, high));
}

function sumOf(sums: v128): u64 {
  return i64x2.extract_lane(sums, 0) + i64x2.extract_lane(sums, 1);
}

/** Spreads all bits over all bits (the end of MurmurHash3, which is in the public domain). */
function mix(bits: u64): u64 {
  bits ^= bits >> 33;
  bits *= 0xff51afd7ed558ccd;
  bits ^= bits >> 33;
  bits *= 0xc4ceb9fe1a85ec53;
  return bits ^ (bits >> 33);
}
