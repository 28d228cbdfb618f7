import type { TimestampUnit } from "./influx-precision.ts";
import { readTimestampMs } from "./line-number.ts";
import { MAX_KEY_BYTES, type Point, type PointFault } from "./line-point.ts";
import { EQUALS, findUnescaped, physicalLineEnd, SPACE } from "./line-scanner.ts";

/*
 * What Prometheus' remote_storage_adapter writes. It escapes comma, space and `=` in label values but neither a
 * backslash nor, up to Prometheus 3.1, a newline, so that a value which ends in a backslash or has a newline breaks
 * line protocol. Every record of it ends in ` value=<decimal> <timestamp>` though, and no `=` in a value is bare:
 * that is enough to tell what was meant.
 */

const TAIL_START = " value=";
const TAIL = /^(-?\d+(?:\.\d+)?) (-?\d+)$/;

/** The end of a record. */
export interface AdapterTail {
  /** Where it begins: measurement and tags end there. */
  readonly start: number;
  readonly value: string;
  readonly timestamp: string;
}

/** The end of a record that the physical line start … end - 1 has, if it has one. */
export function readAdapterTail(body: Buffer, start: number, end: number): AdapterTail | undefined {
  const inLine = body.subarray(start, end).lastIndexOf(TAIL_START);
  if (inLine < 0) {
    return undefined;
  }
  const tailStart = start + inLine;
  const [, value, timestamp] = TAIL.exec(body.toString("latin1", tailStart + TAIL_START.length, end)) ?? [];
  return value === undefined || timestamp === undefined ? undefined : { start: tailStart, value, timestamp };
}

/** What begins at a place of an adapter's body. `end`: of its last line. */
export type AdapterRecord =
  | { readonly kind: "record"; readonly tail: AdapterTail; readonly end: number }
  /** Not the adapter's, to be read as any line protocol. */
  | { readonly kind: "other" }
  /** The beginning of a record that has no end. */
  | { readonly kind: "torn"; readonly end: number };

/**
 * Finds the record that begins at `start` and its end, which is a line further for every newline in a label value.
 * No line is looked at again by a search from the line after `end`, so that reading a body takes linear time.
 */
export function findAdapterRecord(body: Buffer, start: number): AdapterRecord {
  let end = physicalLineEnd(body, start);
  let tail = readAdapterTail(body, start, end);
  if (!tail && (hasBare(SPACE, body, start, end) || !hasBare(EQUALS, body, start, end))) {
    return { kind: "other" };
  }
  while (!tail) {
    const nextEnd = physicalLineEnd(body, end + 1);
    tail = readAdapterTail(body, end + 1, nextEnd);
    // The adapter writes no bare space before the end of a record.
    const isTorn = end >= body.length || nextEnd - start > MAX_KEY_BYTES || hasBare(SPACE, body, end + 1, nextEnd);
    if (!tail && isTorn) {
      return { kind: "torn", end };
    }
    end = nextEnd;
  }
  return { kind: "record", tail, end };
}

function hasBare(byte: number, body: Buffer, start: number, end: number): boolean {
  return findUnescaped(body, byte, start, end) < end;
}

/** Reads a record whose first byte is at `start`. */
export function parseAdapterPoint(
  body: Buffer,
  start: number,
  tail: AdapterTail,
  precision: TimestampUnit,
): Point | PointFault {
  if (tail.start - start > MAX_KEY_BYTES) {
    return { ok: false, fault: "max key length exceeded" };
  }
  const value = Number(tail.value);
  if (!Number.isFinite(value)) {
    return { ok: false, fault: "invalid float" };
  }
  const timestamp = readTimestampMs(tail.timestamp, precision);
  if (!timestamp.ok) {
    return timestamp;
  }
  const key = readAdapterKey(body.toString("utf8", start, tail.start));
  if (!key.ok) {
    return key;
  }
  const { measurement, tags } = key;
  return { ok: true, measurement, tags, fields: [{ name: "value", value }], timestampMs: timestamp.value };
}

/** A piece between two commas begins a label if it has a bare `=`; else its comma belongs to the value before it. */
function readAdapterKey(text: string): Pick<Point, "ok" | "measurement" | "tags"> | PointFault {
  const [measurement = "", ...pieces] = text.split(",");
  if (measurement === "") {
    return { ok: false, fault: "missing measurement" };
  }
  const heads = [measurement];
  for (const piece of pieces) {
    if (bareEquals(piece) >= 0) {
      heads.push(piece);
    } else {
      heads.push(`${heads.pop() ?? ""},${piece}`);
    }
  }
  const [name = "", ...labels] = heads;
  const tags: [string, string][] = [];
  for (const label of labels) {
    const equals = bareEquals(label);
    if (equals === 0) {
      return { ok: false, fault: "missing tag key" };
    }
    tags.push([unescapeText(label.slice(0, equals)), unescapeText(label.slice(equals + 1))]);
  }
  return { ok: true, measurement: unescapeText(name), tags: tags.filter(([, tagValue]) => tagValue !== "") };
}

/** Position of the first `=` without a backslash before it, or -1. */
function bareEquals(text: string): number {
  return text.search(/(?<!\\)=/);
}

function unescapeText(text: string): string {
  return text.replace(/\\([,= ])/g, "$1");
}
