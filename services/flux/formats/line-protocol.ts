import { isUtf8 } from "node:buffer";
import type { LinePlace } from "../../kernel/line-codec.ts";
import { type AdapterTail, findAdapterRecord, parseAdapterPoint, readAdapterTail } from "./adapter-point.ts";
import type { Adapter } from "./influx-adapter.ts";
import type { TimestampUnit } from "./influx-precision.ts";
import { type Point, type PointFault, parsePoint } from "./line-point.ts";
import { CARRIAGE_RETURN, countNewlines, HASH, lineEnd, physicalLineEnd, skipBlanks } from "./line-scanner.ts";

/** A line that was read. */
export interface Line {
  readonly ok: true;
  /** Of its beginning, from 1. */
  readonly lineNumber: number;
  /** Whether it is Prometheus' own series, sent through an adapter: its names are to be kept as they are. */
  readonly isPrometheus: boolean;
  readonly point: Point;
}

/** A line that cannot be read. */
export interface LineFault {
  readonly ok: false;
  readonly lineNumber: number;
  /** What is wrong, in InfluxDB's words. */
  readonly fault: string;
  /** Its beginning, for people. */
  readonly line: string;
}

const MAX_QUOTED_BYTES = 100;
const BYTE_ORDER_MARK = Buffer.from("\ufeff");

/** A line of the body. */
interface ReadLine {
  /** Its first byte that is not blank. */
  readonly start: number;
  /** Position of the newline that ends it, or the end of the body. */
  readonly end: number;
  /** Undefined for blank lines and comments. */
  readonly point: Point | PointFault | undefined;
  readonly isPrometheus: boolean;
}

/** How to read a body. */
export interface LineOptions {
  /** The unit of timestamps. */
  readonly precision: TimestampUnit;
  /** Whose records are to be understood although line protocol does not: see `adapter-point.ts`. */
  readonly adapter: Adapter;
}

/** What begins at a place of a body. */
export interface LineRead {
  /** Undefined for blank lines and comments. */
  readonly line: Line | LineFault | undefined;
  /** Where the next line begins. */
  readonly next: LinePlace;
}

/**
 * Reads a body of line protocol line by line, in linear time. Blank lines and comments (`#`) are skipped. Lines may
 * end in CR LF. Names and values must be UTF-8, without NUL.
 */
export function* parseLines(body: Buffer, options: LineOptions): Generator<Line | LineFault> {
  const isClean = isCleanText(body);
  for (let place = firstLine(body); place.position < body.length; ) {
    const { line, next } = readLineAt(body, place, isClean, options);
    if (line) {
      yield line;
    }
    place = next;
  }
}

/** Whether a body is UTF-8 without NUL, so that no line of it need be looked at for that. */
export function isCleanText(body: Buffer): boolean {
  return isUtf8(body) && !body.includes(0);
}

/** Where the first line begins: behind a byte order mark. */
export function firstLine(body: Buffer): LinePlace {
  const hasMark = body.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  return { position: hasMark ? BYTE_ORDER_MARK.length : 0, lineNumber: 1 };
}

/** Reads the line that begins at a place. @param isClean see `isCleanText`. */
export function readLineAt(
  body: Buffer,
  { position, lineNumber }: LinePlace,
  isClean: boolean,
  options: LineOptions,
): LineRead {
  const read = readLine(body, position, options);
  const { start, end, isPrometheus } = read;
  const point = isClean || !read.point ? read.point : (findBadBytes(body, read) ?? read.point);
  const next = { position: end + 1, lineNumber: lineNumber + countNewlines(body, position, end) + 1 };
  if (point?.ok) {
    return { line: { ok: true, lineNumber, isPrometheus, point }, next };
  }
  const fault = point && { ok: false as const, lineNumber, fault: point.fault, line: quoteLine(body, start, end) };
  return { line: fault, next };
}

function readLine(body: Buffer, position: number, { precision, adapter }: LineOptions): ReadLine {
  if (adapter === "v1" && body[position] !== HASH) {
    const record = findAdapterRecord(body, position);
    if (record.kind === "record") {
      return readRecord(body, position, record.end, record.tail, precision);
    }
    if (record.kind === "torn") {
      return { start: position, end: record.end, point: MISSING_FIELDS, isPrometheus: false };
    }
  }
  const start = skipBlanks(body, position, body.length);
  if (body[start] === HASH) {
    return { start, end: physicalLineEnd(body, start), point: undefined, isPrometheus: false };
  }
  const end = lineEnd(body, start);
  const textEnd = end > start && body[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
  if (textEnd === start) {
    return { start, end, point: undefined, isPrometheus: false };
  }
  const point = parsePoint(body, start, textEnd, precision);
  const tail = adapter === "v2" ? readAdapterTail(body, start, textEnd) : undefined;
  if (tail && !point.ok) {
    return readRecord(body, start, end, tail, precision);
  }
  return { start, end, point, isPrometheus: tail !== undefined };
}

const MISSING_FIELDS: PointFault = { ok: false, fault: "missing fields" };

function readRecord(body: Buffer, start: number, end: number, tail: AdapterTail, precision: TimestampUnit): ReadLine {
  return { start, end, point: parseAdapterPoint(body, start, tail, precision), isPrometheus: true };
}

/** What Prometheus' series could not hold either, and NUL for all others. */
function findBadBytes(body: Buffer, { start, end, isPrometheus }: ReadLine): PointFault | undefined {
  const line = body.subarray(start, end);
  if (!isUtf8(line)) {
    return { ok: false, fault: "invalid UTF-8" };
  }
  return !isPrometheus && line.includes(0) ? { ok: false, fault: "a NUL byte" } : undefined;
}

function quoteLine(body: Buffer, start: number, end: number): string {
  return end - start > MAX_QUOTED_BYTES
    ? `${body.toString("utf8", start, start + MAX_QUOTED_BYTES)}…`
    : body.toString("utf8", start, end).trimEnd();
}
