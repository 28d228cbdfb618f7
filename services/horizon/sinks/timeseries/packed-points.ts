import { formatValue } from "./timeseries-arguments.ts";

/*
 * Points as `write-points.lua` takes them: one MessagePack array of texts (https://github.com/msgpack/msgpack/blob/master/spec.md),
 * of each point its key, time and value, as TS.MADD wants them. Redis unpacks it in one go; three arguments a point would cost
 * the client, the connection and Redis several times as much.
 */

const ARRAY_32 = 0xdd;
const ARRAY_HEAD_BYTES = 5;
const TEXT_16 = 0xda;
const TEXT_8 = 0xd9;
const SHORT_TEXT = 0xa0;
/** A time of 16 digits, the longest text of a double, and their heads. */
const MOST_BYTES_BESIDE_KEY = 3 + 17 + 25;
const ID_DIGITS = 16;
const MAX_SMALL = 2 ** 31;

export interface PackablePoint {
  /** 16 hexadecimal digits. */
  readonly series: { readonly idText: string };
  /** Whole, not negative, of 53 bits at most. */
  readonly storedAtMs: number;
  /** Finite. */
  readonly value: number;
}

/** Packs points. @param keyHead what stands before the id of a series in its key, 65 000 bytes at most. */
export function packPoints(keyHead: Buffer, points: readonly PackablePoint[]): Buffer {
  const keyBytes = keyHead.length + ID_DIGITS;
  const bytes = Buffer.allocUnsafe(ARRAY_HEAD_BYTES + points.length * (keyBytes + MOST_BYTES_BESIDE_KEY));
  bytes[0] = ARRAY_32;
  let at = bytes.writeUInt32BE(3 * points.length, 1);
  let timeMs = Number.NaN;
  let time = "";
  for (const { series, storedAtMs, value } of points) {
    at = writeHead(bytes, at, keyBytes);
    keyHead.copy(bytes, at);
    at = writeAscii(bytes, at + keyHead.length, series.idText);
    if (storedAtMs !== timeMs) {
      timeMs = storedAtMs;
      time = String(storedAtMs);
    }
    at = writeText(bytes, at, time);
    at = writeValue(bytes, at, value);
  }
  return bytes.subarray(0, at);
}

/** Small whole numbers, of which there are many, without a string in between. */
function writeValue(bytes: Buffer, start: number, value: number): number {
  const whole = value | 0;
  if (whole !== value || Object.is(value, -0) || value <= -MAX_SMALL) {
    return writeText(bytes, start, formatValue(value));
  }
  const size = Math.abs(whole);
  let digits = 1;
  for (let limit = 10; limit <= size; limit *= 10) {
    digits++;
  }
  const end = start + 1 + (whole < 0 ? 1 : 0) + digits;
  bytes[start] = SHORT_TEXT | (end - start - 1);
  if (whole < 0) {
    bytes[start + 1] = 0x2d;
  }
  for (let at = end - 1, rest = size; digits > 0; digits--, at--) {
    const tenth = Math.floor(rest / 10);
    bytes[at] = 0x30 + rest - 10 * tenth;
    rest = tenth;
  }
  return end;
}

function writeText(bytes: Buffer, start: number, text: string): number {
  return writeAscii(bytes, writeHead(bytes, start, text.length), text);
}

function writeHead(bytes: Buffer, start: number, length: number): number {
  if (length < 32) {
    bytes[start] = SHORT_TEXT | length;
    return start + 1;
  }
  if (length < 256) {
    bytes[start] = TEXT_8;
    bytes[start + 1] = length;
    return start + 2;
  }
  bytes[start] = TEXT_16;
  return bytes.writeUInt16BE(length, start + 1);
}

/** For texts this short quicker than `Buffer.write`. */
function writeAscii(bytes: Buffer, start: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    bytes[start + i] = text.charCodeAt(i);
  }
  return start + text.length;
}
