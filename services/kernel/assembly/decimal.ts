/*
 * A decimal as the double next to it. What is right is right to the last bit; what would take more than a
 * multiplication is left to the host.
 *
 * The algorithm is that of Eisel and Lemire (D. Lemire, Number Parsing at a Gigabyte per Second, 2021), for the powers
 * of ten that metrics have: with them nothing becomes subnormal or infinite.
 */

/** Powers of ten that are read: 10^-LARGEST_POWER to 10^LARGEST_POWER. */
const LARGEST_POWER: i32 = 64;
/** Largest power of ten that a double holds exactly. */
const EXACT_POWER: i32 = 22;
const MANTISSA_BITS: u64 = 52;
const EXPONENT_BIAS: i32 = 1023;
/** The answer about a decimal that is left to the host. */
const LEFT: f64 = -1;

/** The first 128 bits of 5^n for every n, the higher half first; the host writes them. */
const powersOfFive = memory.data(16 * 129, 16);
const powersOfTen = memory.data<f64>(
  [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
  ],
  16,
);

/** Where the host writes the powers of five, from 5^-n to 5^n for n = `largestPower()`. */
export function powersAt(): usize {
  return powersOfFive;
}

export function largestPower(): i32 {
  return LARGEST_POWER;
}

/** mantissa × 10^power, or -1 where that is left to the host. */
export function decimalToDouble(mantissa: u64, power: i32): f64 {
  if (mantissa === 0) {
    return 0;
  }
  if (power === 0) {
    return <f64>mantissa;
  }
  if (mantissa <= 0x20000000000000 && power >= -EXACT_POWER && power <= EXACT_POWER) {
    return power < 0
      ? <f64>mantissa / load<f64>(powersOfTen + ((<usize>-power) << 3))
      : <f64>mantissa * load<f64>(powersOfTen + ((<usize>power) << 3));
  }
  return power < -LARGEST_POWER || power > LARGEST_POWER ? LEFT : roundProduct(mantissa, power);
}

/** Of a product of 128 bits the lower half; the higher one. */
let low: u64 = 0;
let high: u64 = 0;

function roundProduct(mantissa: u64, power: i32): f64 {
  const zeros = clz(mantissa);
  multiply(mantissa << zeros, powersOfFive + ((<usize>(power + LARGEST_POWER)) << 4));
  if (low === 0xffffffffffffffff && (power < -27 || power > 55)) {
    return LEFT;
  }
  const upper = high >> 63;
  const shift = upper + 64 - MANTISSA_BITS - 3;
  let bits = high >> shift;
  // The binary exponent of 10^power is ⌊power × log2(10)⌋.
  let exponent = ((power * 217706) >> 16) + 63 + <i32>upper - <i32>zeros + EXPONENT_BIAS;
  // Exactly between two doubles: the even one.
  if (low <= 1 && power >= -4 && power <= 23 && (bits & 3) === 1 && bits << shift === high) {
    bits &= ~1;
  }
  bits = (bits + (bits & 1)) >> 1;
  if (bits >= (<u64>2) << MANTISSA_BITS) {
    bits = (<u64>1) << MANTISSA_BITS;
    exponent++;
  }
  return reinterpret<f64>((bits & ~((<u64>1) << MANTISSA_BITS)) | ((<u64>exponent) << MANTISSA_BITS));
}

/** Multiplies by a power of five, as exactly as is needed to round. */
function multiply(factor: u64, fiveAt: usize): void {
  multiplyWords(factor, load<u64>(fiveAt));
  if ((high & 0x1ff) === 0x1ff) {
    const firstLow = low;
    const firstHigh = high;
    multiplyWords(factor, load<u64>(fiveAt, 8));
    low = firstLow + high;
    high = firstHigh + (low < firstLow ? 1 : 0);
  }
}

function multiplyWords(a: u64, b: u64): void {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const lowest = aLow * bLow;
  const middle = aHigh * bLow + (lowest >> 32);
  const other = aLow * bHigh + (middle & 0xffffffff);
  low = (other << 32) | (lowest & 0xffffffff);
  high = aHigh * bHigh + (middle >> 32) + (other >> 32);
}
