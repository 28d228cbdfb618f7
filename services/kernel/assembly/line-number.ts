import { decimalToDouble } from "./decimal";

/*
 * Reads the numbers of a line. Each function gives where what it has read ends, or 0 for what is left to the reference
 * parser, which has the words for what is wrong.
 */

const PLUS: u32 = 0x2b;
const MINUS: u32 = 0x2d;
const POINT: u32 = 0x2e;
const ZERO: u32 = 0x30;
const NINE: u32 = 0x39;
const LOWER_E: u32 = 0x65;
const LOWER_F: u32 = 0x66;
const LOWER_I: u32 = 0x69;
const LOWER_T: u32 = 0x74;
const LOWER_U: u32 = 0x75;
const LOWER_CASE: u32 = 0x20;

/** Any more might not fit into 64 bits. */
const MOST_DIGITS: u32 = 19;
const MAX_INT64: u64 = 0x7fffffffffffffff;

/** The number or the boolean that was read last. */
export let number: f64 = 0;
/** Whether it has no more than digits, a minus sign before and a point between them. */
export let isPlainDecimal: bool = false;
/** The time that was read last: milliseconds since 1970. */
export let timeMs: f64 = 0;

/** The digits read so far as a number, and how many they are from the first that is not zero. */
let digits: u64 = 0;
let significant: u32 = 0;

/** Reads the value of a field: a float, an integer (`i`), an unsigned integer (`u`) or a boolean. */
export function readValue(at: usize): usize {
  return <u32>load<u8>(at) > NINE ? readBoolean(at) : readNumber(at);
}

export function readNumber(at: usize): usize {
  const isNegative = <u32>load<u8>(at) === MINUS;
  const whole = isNegative ? at + 1 : at;
  isPlainDecimal = false;
  digits = 0;
  significant = 0;
  let end = readDigits(whole);
  let next = <u32>load<u8>(end);
  const hasWhole = end !== whole;
  if (next === LOWER_I || next === LOWER_U) {
    return hasWhole ? readInteger(end, isNegative, next === LOWER_I) : 0;
  }
  isPlainDecimal = hasWhole;
  let power: i32 = 0;
  if (next === POINT) {
    const fraction = end + 1;
    end = readDigits(fraction);
    next = <u32>load<u8>(end);
    power = -(<i32>(end - fraction));
    isPlainDecimal = hasWhole && power !== 0;
  }
  if (!hasWhole && power === 0) {
    return 0;
  }
  if ((next | LOWER_CASE) === LOWER_E) {
    isPlainDecimal = false;
    end = skipExponent(end + 1);
    power += exponent;
  }
  if (end === 0 || significant > MOST_DIGITS) {
    return 0;
  }
  const magnitude = decimalToDouble(digits, power);
  number = isNegative ? -magnitude : magnitude;
  return magnitude < 0 ? 0 : end;
}

function readDigits(at: usize): usize {
  let sum = digits;
  let count = significant;
  let digit = <u32>load<u8>(at) - ZERO;
  while (digit < 10) {
    sum = sum * 10 + digit;
    count += sum !== 0 ? 1 : 0;
    digit = <u32>load<u8>(++at) - ZERO;
  }
  digits = sum;
  significant = count;
  return at;
}

let exponent: i32 = 0;

/** Reads an exponent of one or two digits, which is what there is; into `exponent`. */
function skipExponent(at: usize): usize {
  const sign = <u32>load<u8>(at);
  if (sign === MINUS || sign === PLUS) {
    at++;
  }
  const first = <u32>load<u8>(at) - ZERO;
  if (first >= 10) {
    return 0;
  }
  const second = <u32>load<u8>(at + 1) - ZERO;
  exponent = <i32>(second < 10 ? 10 * first + second : first);
  exponent = sign === MINUS ? -exponent : exponent;
  const end = second < 10 ? at + 2 : at + 1;
  return <u32>load<u8>(end) - ZERO < 10 ? 0 : end;
}

/** @param at of the letter at the end. Integers have no -0. */
function readInteger(at: usize, isNegative: bool, isSigned: bool): usize {
  if (significant > MOST_DIGITS || (isSigned ? digits > MAX_INT64 : isNegative)) {
    return 0;
  }
  const magnitude = <f64>digits;
  number = isNegative ? 0 - magnitude : magnitude;
  return at + 1;
}

/** One of the ten spellings; whether more letters follow is seen by what has to stand behind a value. */
function readBoolean(at: usize): usize {
  const first = <u32>load<u8>(at);
  const letters = load<u32>(at);
  if ((first | LOWER_CASE) === LOWER_T) {
    number = 1;
    // true, True and TRUE
    return letters === 0x65757274 || letters === 0x65757254 || letters === 0x45555254 ? at + 4 : at + 1;
  }
  if ((first | LOWER_CASE) === LOWER_F) {
    number = 0;
    // fals, Fals and FALS
    const isLower = letters === 0x736c6166 || letters === 0x736c6146;
    const last = <u32>load<u8>(at + 4);
    return (isLower && last === 0x65) || (letters === 0x534c4146 && last === 0x45) ? at + 5 : at + 1;
  }
  return 0;
}

/** The unit that each timestamp has by its own size. The others are 0 to 5: ns, us, ms, s, m, h. */
const AUTO: u32 = 6;
const NANOSECONDS: u32 = 0;
const MICROSECONDS: u32 = 1;
const MILLISECONDS: u32 = 2;
const SECONDS: u32 = 3;

/** Of each unit the last timestamp that is taken, how many make a millisecond, and its milliseconds if it is longer. */
const lastTimes = memory.data<u64>(
  [9223372036854775806, 9223372036854775, 9223372036854, 9223372036, 153722867, 2562047],
  16,
);
const perMs = memory.data<u64>([1000000, 1000, 1, 1, 1, 1], 16);
const msOf = memory.data<f64>([1, 1, 1, 1000, 60000, 3600000], 16);

/** Reads a timestamp; what is less than a millisecond is cut off, towards 1970. */
export function readTime(at: usize, unit: u32): usize {
  const isNegative = <u32>load<u8>(at) === MINUS;
  const start = isNegative ? at + 1 : at;
  digits = 0;
  significant = 0;
  const end = readDigits(start);
  if (end === start || significant > MOST_DIGITS) {
    return 0;
  }
  const offset = (<usize>(unit === AUTO ? likelyUnit() : unit)) << 3;
  if (digits > load<u64>(lastTimes + offset)) {
    return 0;
  }
  const divisor = load<u64>(perMs + offset);
  const wholeMs = <f64>(divisor === 1 ? digits : digits / divisor) * load<f64>(msOf + offset);
  timeMs = isNegative ? 0 - wholeMs : wholeMs;
  return end;
}

/** As `influx-precision.ts` tells it. */
function likelyUnit(): u32 {
  if (significant > 17) {
    return NANOSECONDS;
  }
  if (significant > 14) {
    return MICROSECONDS;
  }
  return significant > 11 ? MILLISECONDS : SECONDS;
}
