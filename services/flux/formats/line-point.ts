import type { TimestampUnit } from "./influx-precision.ts";
import { readFieldNumber, readTimestampMs } from "./line-number.ts";
import {
  BACKSLASH,
  COMMA,
  closingQuote,
  EQUALS,
  findUnescaped,
  QUOTE,
  SPACE,
  skipBlanks,
  skipSpaces,
} from "./line-scanner.ts";

/*
 * One line of line protocol:
 *
 *   point := measurement { "," tag "=" value } SP field { "," field } [ SP timestamp ]
 *   field := key "=" ( number | boolean | string )
 *
 * SP is a space and any blanks after it; spaces at the end are ignored. The words of faults are those of InfluxDB 1.x.
 */

/** A field. Booleans are 1 and 0. */
export interface Field {
  readonly name: string;
  readonly value: number | string;
}

/** What a line says, unescaped. */
export interface Point {
  readonly ok: true;
  readonly measurement: string;
  /** In the order of the line, names unique, values not empty. */
  readonly tags: readonly (readonly [name: string, value: string])[];
  /** In the order of the line, names unique: of repeated ones the last counts. At least one. */
  readonly fields: readonly Field[];
  /** Milliseconds since 1970; undefined where the line has no timestamp. */
  readonly timestampMs: number | undefined;
}

export interface PointFault {
  readonly ok: false;
  readonly fault: string;
}

/** InfluxDB's own limit for measurement, tags and the key of a field together. */
export const MAX_KEY_BYTES = 65_535;
/** A field of a few bytes becomes an object of many. */
const MAX_FIELDS = 10_000;

/** Reads the line of bytes start … end - 1. Takes time linear in them. */
export function parsePoint(body: Buffer, start: number, end: number, precision: TimestampUnit): Point | PointFault {
  const keyEnd = findUnescaped(body, SPACE, start, end);
  const key = readKey(body, start, keyEnd);
  if (!key.ok) {
    return key;
  }
  const fieldsStart = skipBlanks(body, keyEnd, end);
  if (fieldsStart === end) {
    return fault("missing fields");
  }
  const fields = readFields(body, fieldsStart, end, MAX_KEY_BYTES - 4 - (keyEnd - start));
  if (!fields.ok) {
    return fields;
  }
  const time = readTime(body, skipBlanks(body, fields.next, end), end, precision);
  const { measurement, tags } = key;
  return time.ok ? { ok: true, measurement, tags, fields: fields.fields, timestampMs: time.timestampMs } : time;
}

/** Measurement and tags: bytes start … end - 1. */
function readKey(body: Buffer, start: number, end: number): Pick<Point, "ok" | "measurement" | "tags"> | PointFault {
  if (end - start > MAX_KEY_BYTES) {
    return fault("max key length exceeded");
  }
  const measurementEnd = findUnescaped(body, COMMA, start, end);
  if (measurementEnd === start) {
    return fault("missing measurement");
  }
  const tags: (readonly [string, string])[] = [];
  const names = new Set<string>();
  for (let position = measurementEnd; position < end; ) {
    const tagEnd = findUnescaped(body, COMMA, position + 1, end);
    const tag = readTag(body, position + 1, tagEnd);
    if (!tag.ok) {
      return tag;
    }
    if (names.size === names.add(tag.name).size) {
      return fault("duplicate tags");
    }
    if (tag.value !== "") {
      tags.push([tag.name, tag.value]);
    }
    position = tagEnd;
  }
  return { ok: true, measurement: readName(body, start, measurementEnd), tags };
}

function readTag(body: Buffer, start: number, end: number): { ok: true; name: string; value: string } | PointFault {
  const equals = findUnescaped(body, EQUALS, start, end);
  if (start === end || equals === start) {
    return fault("missing tag key");
  }
  if (equals === end) {
    return fault("missing tag value");
  }
  if (findUnescaped(body, EQUALS, equals + 1, end) < end) {
    return fault("invalid tag format");
  }
  return { ok: true, name: readTagText(body, start, equals), value: readTagText(body, equals + 1, end) };
}

/** @param maxKeyBytes of a field's key. */
function readFields(
  body: Buffer,
  start: number,
  end: number,
  maxKeyBytes: number,
): { ok: true; fields: readonly Field[]; next: number } | PointFault {
  const fields = new Map<string, Field>();
  for (let position = start; ; ) {
    const read = readField(body, position, end, maxKeyBytes);
    if (!read.ok) {
      return read;
    }
    fields.set(read.field.name, read.field);
    if (fields.size > MAX_FIELDS) {
      return fault(`more than ${MAX_FIELDS} fields`);
    }
    if (read.next === end || body[read.next] === SPACE) {
      return { ok: true, fields: [...fields.values()], next: read.next };
    }
    position = read.next + 1;
  }
}

type ReadField = { ok: true; field: Field; next: number } | PointFault;

/** A field. `next` is at the comma or space after it, or at `end`. */
function readField(body: Buffer, start: number, end: number, maxKeyBytes: number): ReadField {
  const keyEnd = endOfFieldKey(body, start, end);
  if (keyEnd === end || body[keyEnd] !== EQUALS) {
    return fault("invalid field format");
  }
  if (keyEnd === start) {
    return fault("missing field key");
  }
  if (keyEnd - start > maxKeyBytes) {
    return fault("max key length exceeded");
  }
  const name = readName(body, start, keyEnd);
  const valueStart = keyEnd + 1;
  if (valueStart < end && body[valueStart] === QUOTE) {
    return readStringField(body, name, valueStart, end);
  }
  const valueEnd = endOfNumber(body, valueStart, end);
  if (valueEnd === valueStart) {
    return fault("missing field value");
  }
  const number = readFieldNumber(body.toString("latin1", valueStart, valueEnd));
  return number.ok ? { ok: true, field: { name, value: number.value }, next: valueEnd } : number;
}

/** @param opening position of the opening quote. */
function readStringField(body: Buffer, name: string, opening: number, end: number): ReadField {
  const closing = closingQuote(body, opening, end);
  if (closing < 0) {
    return fault("unbalanced quotes");
  }
  const next = closing + 1;
  if (next < end && body[next] !== COMMA && body[next] !== SPACE) {
    return fault("invalid field format");
  }
  return { ok: true, field: { name, value: readText(body, opening + 1, closing, /\\(["\\])/g) }, next };
}

/** The first unescaped `=`, comma or space, or `end`. */
function endOfFieldKey(body: Buffer, start: number, end: number): number {
  for (let i = start; i < end; i++) {
    const byte = body[i];
    if ((byte === EQUALS || byte === COMMA || byte === SPACE) && (i === start || body[i - 1] !== BACKSLASH)) {
      return i;
    }
  }
  return end;
}

function endOfNumber(body: Buffer, start: number, end: number): number {
  let position = start;
  while (position < end && body[position] !== COMMA && body[position] !== SPACE) {
    position++;
  }
  return position;
}

/** @param start of the timestamp, or `end` where there is none. */
function readTime(
  body: Buffer,
  start: number,
  end: number,
  precision: TimestampUnit,
): { ok: true; timestampMs: number | undefined } | PointFault {
  if (start === end) {
    return { ok: true, timestampMs: undefined };
  }
  const timestampEnd = findUnescaped(body, SPACE, start, end);
  const timestamp = readTimestampMs(body.toString("latin1", start, timestampEnd), precision);
  if (!timestamp.ok) {
    return timestamp;
  }
  return skipSpaces(body, timestampEnd, end) === end
    ? { ok: true, timestampMs: timestamp.value }
    : fault("point is invalid");
}

/** A measurement or the key of a field. */
function readName(body: Buffer, start: number, end: number): string {
  return readText(body, start, end, /\\([,= "])/g);
}

function readTagText(body: Buffer, start: number, end: number): string {
  return readText(body, start, end, /\\([,= ])/g);
}

function readText(body: Buffer, start: number, end: number, escapes: RegExp): string {
  const text = body.toString("utf8", start, end);
  return text.includes("\\") ? text.replace(escapes, "$1") : text;
}

function fault(words: string): PointFault {
  return { ok: false, fault: words };
}
