/*
 * XXH64 with seed 0: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
 */

const PRIME_1: u64 = 0x9e3779b185ebca87;
const PRIME_2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME_3: u64 = 0x165667b19e3779f9;
const PRIME_4: u64 = 0x85ebca77c2b2ae63;
const PRIME_5: u64 = 0x27d4eb2f165667c5;

/** The hash of some bytes. */
export function xxh64(at: usize, length: usize): u64 {
  const end = at + length;
  let hash = PRIME_5;
  if (length >= 32) {
    let first = PRIME_1 + PRIME_2;
    let second = PRIME_2;
    let third: u64 = 0;
    let fourth: u64 = 0 - PRIME_1;
    do {
      first = round(first, load<u64>(at));
      second = round(second, load<u64>(at, 8));
      third = round(third, load<u64>(at, 16));
      fourth = round(fourth, load<u64>(at, 24));
      at += 32;
    } while (at + 32 <= end);
    hash = rotl<u64>(first, 1) + rotl<u64>(second, 7) + rotl<u64>(third, 12) + rotl<u64>(fourth, 18);
    hash = merge(merge(merge(merge(hash, first), second), third), fourth);
  }
  hash += <u64>length;
  for (; at + 8 <= end; at += 8) {
    hash = rotl<u64>(hash ^ round(0, load<u64>(at)), 27) * PRIME_1 + PRIME_4;
  }
  if (at + 4 <= end) {
    hash = rotl<u64>(hash ^ (<u64>load<u32>(at) * PRIME_1), 23) * PRIME_2 + PRIME_3;
    at += 4;
  }
  for (; at < end; at++) {
    hash = rotl<u64>(hash ^ (<u64>load<u8>(at) * PRIME_5), 11) * PRIME_1;
  }
  return avalanche(hash);
}

function round(lane: u64, input: u64): u64 {
  return rotl<u64>(lane + input * PRIME_2, 31) * PRIME_1;
}

function merge(hash: u64, lane: u64): u64 {
  return (hash ^ round(0, lane)) * PRIME_1 + PRIME_4;
}

function avalanche(hash: u64): u64 {
  hash = (hash ^ (hash >> 33)) * PRIME_2;
  hash = (hash ^ (hash >> 29)) * PRIME_3;
  return hash ^ (hash >> 32);
}
