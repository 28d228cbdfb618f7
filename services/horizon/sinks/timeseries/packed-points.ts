import type { PointColumns } from "./point-columns.ts";

/*
 * Points as `write-points.lua` takes them, in three arguments; three for each point, as TS.MADD wants them, would cost the
 * client, the connection and Redis several times as much.
 *
 * - The ids of their series, 16 hexadecimal digits each; Redis puts what stands before them in keys.
 * - The times that they are stored at, as runs of points with the same: '<count>:<time> …'.
 * - Their values, as a MessagePack array (https://github.com/msgpack/msgpack/blob/master/spec.md) of doubles. Redis
 *   writes numbers as texts that read back as the same 64 bits, all but −0, which comes as a text.
 */

const DIGITS_PER_ID = 16;
const BYTES_PER_ID = 8;
const ARRAY_32 = 0xdd;
const ARRAY_HEAD_BYTES = 5;
const DOUBLE = 0xcb;
const VALUE_BYTES = 9;
/** A text of the length that a double has. */
const MINUS_ZERO = Buffer.concat([Buffer.of(0xa0 | (VALUE_BYTES - 1)), Buffer.from("-0.00000")]);
/** The two digits of each byte. */
const BYTE_DIGITS = digitsOfBytes();

export interface PackedPoints {
  readonly ids: Buffer;
  readonly times: string;
  readonly values: Buffer;
}

/** Packs some rows of columns. */
export function packPoints(columns: PointColumns, rows: Int32Array): PackedPoints {
  return { ids: packIds(columns, rows), times: timeRuns(columns, rows), values: packValues(columns, rows) };
}

function packIds({ numbers, table: { halves } }: PointColumns, rows: Int32Array): Buffer {
  const digits = new Uint16Array(rows.length * BYTES_PER_ID);
  let at = 0;
  for (const row of rows) {
    const number = numbers[row] ?? 0;
    at = writeHalf(digits, at, halves[2 * number + 1] ?? 0);
    at = writeHalf(digits, at, halves[2 * number] ?? 0);
  }
  return Buffer.from(digits.buffer, 0, rows.length * DIGITS_PER_ID);
}

function writeHalf(digits: Uint16Array, at: number, half: number): number {
  digits[at] = BYTE_DIGITS[half >>> 24] ?? 0;
  digits[at + 1] = BYTE_DIGITS[(half >>> 16) & 0xff] ?? 0;
  digits[at + 2] = BYTE_DIGITS[(half >>> 8) & 0xff] ?? 0;
  digits[at + 3] = BYTE_DIGITS[half & 0xff] ?? 0;
  return at + 4;
}

function timeRuns({ storedAtMs }: PointColumns, rows: Int32Array): string {
  const runs: string[] = [];
  for (let first = 0; first < rows.length; ) {
    const time = storedAtMs[rows[first] ?? 0] ?? 0;
    let end = first + 1;
    while (end < rows.length && storedAtMs[rows[end] ?? 0] === time) {
      end++;
    }
    runs.push(`${end - first}:${time}`);
    first = end;
  }
  return runs.join(" ");
}

function packValues({ values }: PointColumns, rows: Int32Array): Buffer {
  const bytes = Buffer.allocUnsafe(ARRAY_HEAD_BYTES + rows.length * VALUE_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  bytes[0] = ARRAY_32;
  view.setUint32(1, rows.length);
  let at = ARRAY_HEAD_BYTES;
  for (const row of rows) {
    const value = values[row] ?? 0;
    if (Object.is(value, -0)) {
      bytes.set(MINUS_ZERO, at);
    } else {
      bytes[at] = DOUBLE;
      view.setFloat64(at + 1, value);
    }
    at += VALUE_BYTES;
  }
  return bytes;
}

function digitsOfBytes(): Uint16Array {
  const digits = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0")).join(""));
  const copy = new Uint16Array(256);
  new Uint8Array(copy.buffer).set(digits);
  return copy;
}
