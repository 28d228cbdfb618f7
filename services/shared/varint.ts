/*
 * Whole numbers of up to 53 bits as protobuf's varints: seven bits a byte, the lowest first. Arithmetic instead of bit
 * shifts, which JavaScript cuts to 32 bits.
 */

/** A varint of 53 bits, as many as a whole number in JavaScript has. */
export const MAX_VARINT_BYTES = 8;

/** Writes a number that is not negative. @returns where the next byte goes. */
export function writeVarint(bytes: Buffer, start: number, value: number): number {
  let position = start;
  let rest = value;
  while (rest > 0x7f) {
    position = bytes.writeUInt8((rest % 128) | 0x80, position);
    rest = Math.floor(rest / 128);
  }
  return bytes.writeUInt8(rest, position);
}

/** Reads a number and where the next one begins; undefined where the bytes end too early or hold no such number. */
export function readVarint(bytes: Buffer, start: number): { value: number; next: number } | undefined {
  let value = 0;
  for (let i = 0; i < MAX_VARINT_BYTES; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) {
      return undefined;
    }
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) {
      return { value, next: start + i + 1 };
    }
  }
  return undefined;
}

/** Turns a number of either sign, below 2⁵² in size, into one that is not negative and small where it is small. */
export function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1;
}

/** What `zigzag` was given. */
export function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
