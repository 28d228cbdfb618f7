import { hash } from "node:crypto";
import { encodeLabelText, mustBeEncoded } from "./label-text.ts";

/*
 * Names and values of labels in one row, as RedisTimeSeries holds them (`label-text.ts`), made of the bytes that the registry has
 * (`shared/label-bytes.ts`) without a string in between: most of them stay as they are.
 */

/** A MessagePack text with a length of four bytes. */
const TEXT_32 = 0xdb;
const TEXT_HEAD_BYTES = 5;
const ARRAY_32 = 0xdd;
const ARRAY_HEAD_BYTES = 5;
/** As long as a byte can become. */
const MOST_BYTES_OF_ONE = 3;
const LINE_END = 0x0a;

/** Takes the words of labels one by one. `first` and `end` say where a word is in the bytes. */
type TakeWord = (bytes: Buffer, first: number, end: number) => void;

/** What `write-points.lua` makes of the labels that a series has: SHA-1 of their words, one in a line, hexadecimal. */
export function digestOfLabels(labelBytes: Buffer): string {
  const lines = Buffer.allocUnsafe(labelBytes.length * MOST_BYTES_OF_ONE);
  let end = 0;
  forEachWord(labelBytes, (bytes, first, last) => {
    if (end > 0) {
      lines[end++] = LINE_END;
    }
    end = writeWord(lines, end, bytes, first, last);
  });
  return hash("sha1", lines.subarray(0, end));
}

/** A key and the words of labels, as one MessagePack array of texts. */
export function packSeries(key: string, labelBytes: Buffer): Buffer {
  const keyBytes = Buffer.byteLength(key);
  const most =
    ARRAY_HEAD_BYTES + TEXT_HEAD_BYTES + keyBytes + labelBytes.length * (MOST_BYTES_OF_ONE + TEXT_HEAD_BYTES);
  const packed = Buffer.allocUnsafe(most);
  let words = 1;
  let end = ARRAY_HEAD_BYTES + TEXT_HEAD_BYTES;
  end = writeTextHead(packed, end, packed.write(key, end));
  forEachWord(labelBytes, (bytes, first, last) => {
    words++;
    const start = end + TEXT_HEAD_BYTES;
    end = writeTextHead(packed, start, writeWord(packed, start, bytes, first, last) - start);
  });
  packed[0] = ARRAY_32;
  packed.writeUInt32BE(words, 1);
  return packed.subarray(0, end);
}

/** Writes what stands before a text. @param start of the text, @param length its bytes. @returns where it ends. */
function writeTextHead(packed: Buffer, start: number, length: number): number {
  packed[start - TEXT_HEAD_BYTES] = TEXT_32;
  packed.writeUInt32BE(length, start - TEXT_HEAD_BYTES + 1);
  return start + length;
}

/** Labels with empty values are left out: the module refuses them. */
function forEachWord(labelBytes: Buffer, take: TakeWord): void {
  for (let at = 0; at < labelBytes.length; ) {
    const name = fieldAt(labelBytes, at);
    const value = fieldAt(labelBytes, name.end);
    if (value.end > value.first) {
      take(labelBytes, name.first, name.end);
      take(labelBytes, value.first, value.end);
    }
    at = value.end;
  }
}

/** Where a field's text is. @param at where its length begins. */
function fieldAt(labelBytes: Buffer, at: number): { first: number; end: number } {
  let length = 0;
  let first = at;
  for (let shift = 0; ; shift += 7) {
    const byte = labelBytes[first++] ?? 0;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      return { first, end: first + length };
    }
  }
}

/** @returns where the word ends. */
function writeWord(to: Buffer, start: number, bytes: Buffer, first: number, end: number): number {
  if (mustBeEncoded(bytes, first, end)) {
    return start + to.write(encodeLabelText(bytes.toString("utf8", first, end)), start);
  }
  for (let i = first; i < end; i++) {
    to[start + i - first] = bytes[i] ?? 0;
  }
  return start + end - first;
}
