/*
 * Finds the ends of things in line protocol, on bytes. A separator right after a backslash is escaped; two backslashes
 * are no escape, so that in a\\, too the comma is escaped, as in InfluxDB. Only in a string is \\ one backslash.
 */

export const TAB = 0x09;
export const NEWLINE = 0x0a;
export const CARRIAGE_RETURN = 0x0d;
export const SPACE = 0x20;
export const QUOTE = 0x22;
export const HASH = 0x23;
export const COMMA = 0x2c;
export const EQUALS = 0x3d;
export const BACKSLASH = 0x5c;

/**
 * Where the line that begins at `start` ends: at its newline, or at the end of the body. Newlines in strings are part
 * of the line. A string that nothing ends goes no further than its own line, so that the lines after it can be read.
 * @param start of the line's first byte that is not blank.
 */
export function lineEnd(body: Buffer, start: number): number {
  let inFields = false;
  for (let i = start; i < body.length; i++) {
    const byte = body[i];
    if (byte === NEWLINE) {
      return i;
    }
    if (byte === SPACE && body[i - 1] !== BACKSLASH) {
      inFields = true;
    } else if (byte === QUOTE && inFields && body[i - 1] === EQUALS && body[i - 2] !== BACKSLASH) {
      const closing = closingQuote(body, i, body.length);
      if (closing < 0) {
        return physicalLineEnd(body, i);
      }
      i = closing;
    }
  }
  return body.length;
}

/** The first newline at or after `start`, or the end of the body. */
export function physicalLineEnd(body: Buffer, start: number): number {
  const newline = body.indexOf(NEWLINE, start);
  return newline < 0 ? body.length : newline;
}

/** Position of the quote that ends the string whose opening quote is at `opening`, or -1. */
export function closingQuote(body: Buffer, opening: number, end: number): number {
  for (let i = opening + 1; i < end; i++) {
    if (body[i] === QUOTE) {
      return i;
    }
    if (body[i] === BACKSLASH) {
      i++;
    }
  }
  return -1;
}

/** The first unescaped `byte` of start … end - 1, or `end`. */
export function findUnescaped(body: Buffer, byte: number, start: number, end: number): number {
  for (let i = start; i < end; i++) {
    if (body[i] === byte && (i === start || body[i - 1] !== BACKSLASH)) {
      return i;
    }
  }
  return end;
}

/** The first byte of start … end - 1 that is not a space, or `end`. */
export function skipSpaces(body: Buffer, start: number, end: number): number {
  let position = start;
  while (position < end && body[position] === SPACE) {
    position++;
  }
  return position;
}

/**
 * The first byte of start … end - 1 that is none of those which InfluxDB skips before a line, its fields and its
 * timestamp, or `end`: space, tab and NUL. Tabs and NUL do not end what stands before them though.
 */
export function skipBlanks(body: Buffer, start: number, end: number): number {
  let position = start;
  while (position < end && (body[position] === SPACE || body[position] === TAB || body[position] === 0)) {
    position++;
  }
  return position;
}

/** Newlines in start … end - 1. */
export function countNewlines(body: Buffer, start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; i++) {
    if (body[i] === NEWLINE) {
      count++;
    }
  }
  return count;
}
