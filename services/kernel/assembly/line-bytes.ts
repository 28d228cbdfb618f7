/*
 * Finds places in line protocol, 16 bytes at a time. Every search ends at a control character at the latest, and a
 * newline stands behind the body. Up to 15 bytes behind what is searched are read.
 */

export const NEWLINE: u32 = 0x0a;
export const CARRIAGE_RETURN: u32 = 0x0d;
export const SPACE: u32 = 0x20;
export const QUOTE: u32 = 0x22;
export const HASH: u32 = 0x23;
export const COMMA: u32 = 0x2c;
export const EQUALS: u32 = 0x3d;
export const BACKSLASH: u32 = 0x5c;

/** The first comma, equals sign, space or control character from `at` on. */
export function findSeparator(at: usize): usize {
  while (true) {
    const bytes = v128.load(at);
    const commas = i8x16.eq(bytes, i8x16.splat(0x2c));
    const equals = i8x16.eq(bytes, i8x16.splat(0x3d));
    const blanks = i8x16.le_u(bytes, i8x16.splat(0x20));
    const mask = i8x16.bitmask(v128.or(v128.or(commas, equals), blanks));
    if (mask !== 0) {
      return at + ctz(mask);
    }
    at += 16;
  }
}

/** The same without those right after a backslash; a control character always counts. `at` is behind one of them. */
export function findBareSeparator(at: usize): usize {
  while (true) {
    at = findSeparator(at);
    if (<u32>load<u8>(at - 1) !== BACKSLASH || <u32>load<u8>(at) < SPACE) {
      return at;
    }
    at++;
  }
}

/** The first quote, backslash or control character from `at` on. */
export function findStringEnd(at: usize): usize {
  while (true) {
    const bytes = v128.load(at);
    const quotes = i8x16.eq(bytes, i8x16.splat(0x22));
    const backslashes = i8x16.eq(bytes, i8x16.splat(0x5c));
    const controls = i8x16.lt_u(bytes, i8x16.splat(0x20));
    const mask = i8x16.bitmask(v128.or(v128.or(quotes, backslashes), controls));
    if (mask !== 0) {
      return at + ctz(mask);
    }
    at += 16;
  }
}
