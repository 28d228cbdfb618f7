import { putBytes, putSame } from "./snappy-elements";

/*
 * Series that are scraped together stand side by side, and most of their labels are the same. So the labels of a series
 * are written as what differs from those of the one before.
 *
 *   Label { string name = 1; string value = 2; }, each as field 1 of a TimeSeries: 0x0a, length, message
 */

/**
 * Adds the label fields from `at` to `end`.
 * @param before where those of another series are, up to `beforeEnd`. @param distance expanded bytes from their first one
 *   to the first one that is added.
 */
export function putLabels(at: usize, end: usize, before: usize, beforeEnd: usize, distance: u32): void {
  const start = at;
  const beforeStart = before;
  while (at < end && before < beforeEnd) {
    const offset = distance + <u32>(at - start) - <u32>(before - beforeStart);
    const same = commonBytes(at, before, min(end - at, beforeEnd - before));
    const field = lastFieldWithin(at, at + same, end);
    const otherField = before + (field - at);
    if (field === end || otherField === beforeEnd) {
      putSame(at, <u32>(field - at), offset);
      at = field;
      break;
    }
    const order = nameEnd(field) <= at + same ? 0 : compareNames(field, otherField);
    if (order > 0) {
      // The other series has a label that this one lacks.
      putSame(at, <u32>(field - at), offset);
      at = field;
      before = fieldEnd(otherField);
    } else {
      const next = fieldEnd(field);
      putSame(at, <u32>same, offset);
      at += same;
      if (order === 0) {
        const otherNext = fieldEnd(otherField);
        putRest(at, next, before + same, otherNext, offset);
        before = otherNext;
      } else {
        putBytes(at, <u32>(next - at));
        before = otherField;
      }
      at = next;
    }
  }
  putBytes(at, <u32>(end - at));
}

/** Adds the rest of a field from where it differs. Mostly that is a length, or one character of a value. */
function putRest(at: usize, end: usize, before: usize, beforeEnd: usize, offset: u32): void {
  const most = min(end - at, beforeEnd - before);
  const same = most > 1 ? commonBytes(at + 1, before + 1, most - 1) : 0;
  putBytes(at, 1);
  putSame(at + 1, <u32>same, offset);
  putBytes(at + 1 + same, <u32>(end - at - 1 - same));
}

/** How many bytes at two places are the same, of so many at most. */
function commonBytes(a: usize, b: usize, most: usize): usize {
  for (let done: usize = 0; done < most; done += 16) {
    const same = i8x16.bitmask(i8x16.eq(v128.load(a + done), v128.load(b + done)));
    if (same !== 0xffff) {
      return min(most, done + ctz(~same));
    }
  }
  return most;
}

/** Where the last field that begins at or before `limit` does, or `end`. */
function lastFieldWithin(at: usize, limit: usize, end: usize): usize {
  while (at < end) {
    const next = fieldEnd(at);
    if (next > limit) {
      break;
    }
    at = next;
  }
  return at;
}

/** Less than 0 where the name of the label at `a` comes before that at `b`, 0 where it is the same. */
function compareNames(a: usize, b: usize): i32 {
  const inA = messageOf(a) + 1;
  const inB = messageOf(b) + 1;
  const bytesA = readLength(inA);
  const bytesB = readLength(inB);
  const nameA = afterLength(inA);
  const nameB = afterLength(inB);
  const most = min(bytesA, bytesB);
  const same = commonBytes(nameA, nameB, most);
  return same < most ? <i32>load<u8>(nameA + same) - <i32>load<u8>(nameB + same) : <i32>(bytesA - bytesB);
}

/** Where the name of a label ends. */
function nameEnd(field: usize): usize {
  return lengthenedEnd(messageOf(field) + 1);
}

function fieldEnd(field: usize): usize {
  return lengthenedEnd(field + 1);
}

/** Where bytes end that have their length in front of them: mostly one of one byte. */
function lengthenedEnd(length: usize): usize {
  const bytes = <usize>load<u8>(length);
  return bytes < 0x80 ? length + 1 + bytes : afterLength(length) + readLength(length);
}

/** Where the message of a label field begins. */
function messageOf(field: usize): usize {
  return afterLength(field + 1);
}

/** A varint: the host has made it, of a length that is there. */
function readLength(at: usize): u32 {
  let byte = <u32>load<u8>(at);
  let length = byte & 0x7f;
  for (let shift: u32 = 7; byte >= 0x80; shift += 7) {
    byte = <u32>load<u8>(++at);
    length |= (byte & 0x7f) << shift;
  }
  return length;
}

function afterLength(at: usize): usize {
  while (load<u8>(at) >= 0x80) {
    at++;
  }
  return at + 1;
}
