import { GrowingSpace } from "./growing-space";
import { clearKeys, copyKey, cutKeys, keyBytes, keysAt, takeKey } from "./key-space";
import {
  CARRIAGE_RETURN,
  COMMA,
  EQUALS,
  findBareSeparator,
  findSeparator,
  findStringEnd,
  HASH,
  NEWLINE,
  QUOTE,
  SPACE,
} from "./line-bytes";
import { isPlainDecimal, number, readNumber, readTime, readValue, timeMs } from "./line-number";
import { areEqual, NameSet } from "./name-set";
import { addSample, addSeries, clearRows, cutRows, placeLabels, sampleCount, setTimes } from "./request-rows";

/*
 * Walks a body of line protocol as far as its lines are plain:
 *
 *   line  := measurement { "," tag "=" value } SPACE field { "," field } [ SPACE timestamp ] [ CR ] LF
 *   field := name "=" ( number | boolean | string )
 *
 * with separators escaped in measurement and values alone, and no two names that could come out the same. It is
 * known of a plain line, without looking at it again, that the reference parser takes it, and what for. Any other line
 * is the host's, which then says where the walk goes on.
 *
 * Every number is a row of its own. What its series is recognised by are bytes: the head that the host has given (which
 * tells all that the labels depend on beside the line), the line up to its fields, a space, the name of the field.
 */

const MAX_KEY_BYTES: usize = 32768;
const MAX_FIELD_NAME_BYTES: usize = 16384;
/** `value=`, and the bits of 64 that it takes. */
const VALUE_EQUALS: u64 = 0x3d65756c6176;
const SIX_BYTES: u64 = 0xffffffffffff;
const VALUE_EQUALS_BYTES: usize = 6;

const tagNames = new NameSet();
const fieldNames = new NameSet();
const head = new GrowingSpace();
let headBytes: usize = 0;
let body: usize = 0;
let bodyEnd: usize = 0;
let next: usize = 0;
let timeUnit: u32 = 0;
let absentTimeMs: f64 = 0;
let isAdapter: bool = false;
let skipsStrings: bool = false;
let strings: u32 = 0;

/** The time that was read last, and the byte behind it: where they are, and their bytes. */
let lastTime: usize = 0;
let lastTimeBytes: usize = 0;

/** Number of the line where the walk has stopped, from 1. */
export let lineNumber: u32 = 1;
/** Fields that are strings, and were skipped. */
export let skippedStrings: u32 = 0;

/** Where the host writes the head of all keys. */
export function headAt(bytes: u32): usize {
  headBytes = bytes;
  return head.ensure(<usize>bytes + 16);
}

/**
 * Begins with a body. A newline is written behind it.
 * @param at of its first byte. @param bytes of it. @param unit of its times: see `readTime`.
 * @param nowMs time of lines that have none.
 * @param adapter whether only records of Prometheus' adapters are plain: the field `value` alone, in plain digits.
 * @param skipStrings whether strings are no samples; else lines that have any are not plain.
 * @param mostKeyBytes of all rows together.
 */
export function openLines(
  at: usize,
  bytes: u32,
  unit: u32,
  nowMs: f64,
  adapter: bool,
  skipStrings: bool,
  mostKeyBytes: u32,
): void {
  // A sample takes four bytes at least.
  clearRows(bytes >> 1);
  clearKeys(mostKeyBytes);
  body = at;
  bodyEnd = at + bytes;
  store<u8>(bodyEnd, NEWLINE);
  timeUnit = unit;
  absentTimeMs = nowMs;
  isAdapter = adapter;
  skipsStrings = skipStrings;
  skippedStrings = 0;
  tagNames.forget();
  fieldNames.forget();
  lastTimeBytes = 0;
}

/**
 * Walks on. @param from an offset in the body. @param line the number of the line there.
 * @returns the offset of the first line that is not plain, or the length of the body.
 */
export function walkLines(from: u32, line: u32): u32 {
  lineNumber = line;
  let at = body + from;
  while (at < bodyEnd) {
    if (<u32>load<u8>(at) === NEWLINE) {
      at++;
    } else if (readLine(at)) {
      at = next;
    } else {
      break;
    }
    lineNumber++;
  }
  return <u32>(min(at, bodyEnd) - body);
}

/** Takes room for what a series is recognised by that the host adds. @returns its address, or 0 if there may be no more. */
export function roomForLabels(bytes: u32): usize {
  return takeKey(bytes);
}

/** Adds a sample whose series has its bytes in the room that was taken last. @returns whether there was room. */
export function addOther(bytes: u32, sampleTimeMs: f64, value: f64): bool {
  return addSample(sampleTimeMs, reinterpret<u64>(value)) && addSeries(keyBytes - bytes, bytes, sampleCount - 1, 0, 0);
}

/** Makes the rows what they are for any request. */
export function closeLines(): void {
  placeLabels(keysAt());
}

/** @returns whether the line is plain; its rows are added then, and `next` is where the one after it starts. */
function readLine(start: usize): bool {
  const keyEnd = findKeyEnd(start);
  if (keyEnd === 0) {
    return false;
  }
  const rows = sampleCount;
  const bytes = keyBytes;
  strings = 0;
  if (isAdapter ? readRecord(start, keyEnd) : readFields(start, keyEnd)) {
    skippedStrings += strings;
    return true;
  }
  cutRows(rows, <u32>(keyBytes - bytes));
  cutKeys(bytes);
  return false;
}

/** Where measurement and tags end, at a space; or 0 if they are not plain. */
function findKeyEnd(start: usize): usize {
  const first = <u32>load<u8>(start);
  if (first <= SPACE || first === HASH || first === COMMA) {
    return 0;
  }
  tagNames.clear();
  let at = findBareSeparator(start + 1);
  while (<u32>load<u8>(at) === COMMA) {
    const name = at + 1;
    const equals = findSeparator(name);
    if (equals === name || <u32>load<u8>(equals) !== EQUALS || !tagNames.add(name, equals - name)) {
      return 0;
    }
    at = findBareSeparator(equals + 1);
    if (at === equals + 1) {
      return 0;
    }
  }
  return <u32>load<u8>(at) === SPACE && at - start <= MAX_KEY_BYTES ? at : 0;
}

/** Reads what an adapter writes behind the key. */
function readRecord(start: usize, keyEnd: usize): bool {
  const field = keyEnd + 1;
  if ((load<u64>(field) & SIX_BYTES) !== VALUE_EQUALS) {
    return false;
  }
  const end = readNumber(field + VALUE_EQUALS_BYTES);
  if (end === 0 || !isPlainDecimal || <u32>load<u8>(end) !== SPACE) {
    return false;
  }
  const timeEnd = findTimeEnd(end + 1);
  if (timeEnd === 0 || <u32>load<u8>(timeEnd) !== NEWLINE) {
    return false;
  }
  next = timeEnd + 1;
  return addRow(start, keyEnd, field, field + VALUE_EQUALS_BYTES - 1, timeMs);
}

function readFields(start: usize, keyEnd: usize): bool {
  const rows = sampleCount;
  fieldNames.clear();
  let at = keyEnd;
  do {
    const field = at + 1;
    const equals = findSeparator(field);
    if (<u32>load<u8>(equals) !== EQUALS || !isFieldName(field, equals)) {
      return false;
    }
    const value = equals + 1;
    if (<u32>load<u8>(value) === QUOTE) {
      at = findStringEnd(value + 1) + 1;
      if (!skipsStrings || <u32>load<u8>(at - 1) !== QUOTE) {
        return false;
      }
      strings++;
    } else {
      at = readValue(value);
      if (at === 0 || !addRow(start, keyEnd, field, equals, absentTimeMs)) {
        return false;
      }
    }
  } while (<u32>load<u8>(at) === COMMA);
  return readEnd(at, rows);
}

function isFieldName(field: usize, equals: usize): bool {
  return equals !== field && equals - field <= MAX_FIELD_NAME_BYTES && fieldNames.add(field, equals - field);
}

/** Reads what stands behind the fields: a time or none, and the end of the line. */
function readEnd(at: usize, firstRow: u32): bool {
  if (<u32>load<u8>(at) === SPACE) {
    at = findTimeEnd(at + 1);
    if (at === 0) {
      return false;
    }
    setTimes(firstRow, timeMs);
  }
  if (<u32>load<u8>(at) === CARRIAGE_RETURN) {
    at++;
  }
  next = at + 1;
  return <u32>load<u8>(at) === NEWLINE;
}

/** Reads a time into `timeMs`. Lines that follow one another mostly have the same one. */
function findTimeEnd(at: usize): usize {
  if (lastTimeBytes !== 0 && areEqual(lastTime, at, lastTimeBytes)) {
    return at + lastTimeBytes - 1;
  }
  const end = readTime(at, timeUnit);
  lastTime = at;
  lastTimeBytes = end === 0 ? 0 : end + 1 - at;
  return end;
}

/** Adds a sample of `number`. */
function addRow(start: usize, keyEnd: usize, field: usize, fieldEnd: usize, sampleTimeMs: f64): bool {
  const lineBytes = keyEnd + 1 - start;
  const bytes = headBytes + lineBytes + (fieldEnd - field);
  let to = takeKey(bytes);
  if (to === 0) {
    return false;
  }
  to = copyKey(to, head.start, headBytes);
  if (field === keyEnd + 1) {
    copyKey(to, start, fieldEnd - start);
  } else {
    copyKey(copyKey(to, start, lineBytes), field, fieldEnd - field);
  }
  return addOther(<u32>bytes, sampleTimeMs, number);
}
