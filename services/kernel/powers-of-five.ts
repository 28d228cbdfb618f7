const BITS = 128n;
const HALF = 64n;
/** Down to this power the reciprocal of 5^n has 127 exact bits more than 5^n has itself. */
const SMALLEST_SHORT_POWER = -27;

/**
 * The first 128 bits of 5^-largest … 5^largest, the higher half of each first; of negative powers rounded up. What the
 * algorithm in `assembly/decimal.ts` multiplies by (Lemire, Number Parsing at a Gigabyte per Second, 2021, appendix B).
 */
export function powersOfFive(largest: number): BigUint64Array {
  const words = new BigUint64Array(2 * (2 * largest + 1));
  for (let power = -largest; power <= largest; power++) {
    const bits = power < 0 ? reciprocalBits(power) : firstBits(5n ** BigInt(power));
    const at = 2 * (power + largest);
    words[at] = bits >> HALF;
    words[at + 1] = BigInt.asUintN(Number(HALF), bits);
  }
  return words;
}

function reciprocalBits(power: number): bigint {
  const divisor = 5n ** BigInt(-power);
  const length = BigInt(divisor.toString(2).length);
  const scale = power >= SMALLEST_SHORT_POWER ? length + BITS - 1n : 2n * length + BITS;
  return cut(2n ** scale / divisor + 1n);
}

function firstBits(value: bigint): bigint {
  return cut(value << BITS);
}

/** The first 128 bits of a number that has at least as many. */
function cut(value: bigint): bigint {
  return value >> (BigInt(value.toString(2).length) - BITS);
}
