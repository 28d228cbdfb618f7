import { likelyUnit, type Precision, type TimestampUnit, UNIT_MS } from "./influx-precision.ts";

/*
 * Numbers of line protocol. The words of faults are those of InfluxDB 1.x.
 */

export type LineNumber = { readonly ok: true; readonly value: number } | { readonly ok: false; readonly fault: string };

const FLOAT = /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const INTEGER = /^(-?)(\d+)i$/;
const UNSIGNED = /^(\d+)u$/;
const TIMESTAMP = /^(-?)(\d+)$/;

const BOOLEANS: ReadonlyMap<string, number> = new Map([
  ...["t", "T", "true", "True", "TRUE"].map((word) => [word, 1] as const),
  ...["f", "F", "false", "False", "FALSE"].map((word) => [word, 0] as const),
]);

const MAX_INT64 = "9223372036854775807";
const MIN_INT64_DIGITS = "9223372036854775808";
const MAX_UINT64 = "18446744073709551615";

/** The largest timestamp of each unit, either side of 1970: 2^63 - 2 nanoseconds, the range of InfluxDB. */
const MAX_TIMESTAMP: Readonly<Record<Precision, string>> = {
  ns: "9223372036854775806",
  us: "9223372036854775",
  ms: "9223372036854",
  s: "9223372036",
  m: "153722867",
  h: "2562047",
};

/** Digits of a timestamp that are less than a millisecond. */
const DIGITS_BELOW_MS: Readonly<Record<Precision, number>> = { ns: 6, us: 3, ms: 0, s: 0, m: 0, h: 0 };

/**
 * Reads the value of a field that is not a string: float, integer (`i`), unsigned integer (`u`) or boolean, which is
 * 1 or 0. Integers beyond 2^53 are rounded, as every sample of Prometheus is. NaN and infinity are not in the grammar.
 */
export function readFieldNumber(text: string): LineNumber {
  if (!/^[-.\dNn]/.test(text)) {
    const boolean = BOOLEANS.get(text);
    return boolean === undefined ? fault("invalid boolean") : { ok: true, value: boolean };
  }
  if (FLOAT.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? { ok: true, value } : fault("invalid float");
  }
  return readInteger(text);
}

function readInteger(text: string): LineNumber {
  const [, sign, digits] = INTEGER.exec(text) ?? [];
  if (digits !== undefined) {
    const max = sign === "-" ? MIN_INT64_DIGITS : MAX_INT64;
    return exceeds(digits, max)
      ? fault("unable to parse integer: value out of range")
      : { ok: true, value: Number(`${sign}${digits}`) + 0 };
  }
  const unsigned = UNSIGNED.exec(text)?.[1];
  if (unsigned === undefined) {
    return fault("invalid number");
  }
  return exceeds(unsigned, MAX_UINT64)
    ? fault("unable to parse unsigned: value out of range")
    : { ok: true, value: Number(unsigned) };
}

/**
 * Reads a timestamp.
 * @returns milliseconds since 1970; what is less than a millisecond is cut off, towards 1970.
 */
export function readTimestampMs(text: string, unit: TimestampUnit): LineNumber {
  const [, sign, digits] = TIMESTAMP.exec(text) ?? [];
  if (digits === undefined) {
    return fault("bad timestamp");
  }
  const significant = withoutLeadingZeros(digits);
  const precision = unit === "auto" ? likelyUnit(significant) : unit;
  if (exceeds(significant, MAX_TIMESTAMP[precision])) {
    return fault("time outside range");
  }
  // Cut as text: nanoseconds since 1970 do not fit into a JavaScript number.
  const wholeMs = Number(significant.slice(0, Math.max(0, significant.length - DIGITS_BELOW_MS[precision])));
  const value = wholeMs * UNIT_MS[precision];
  // Adding 0 turns -0 into 0.
  return { ok: true, value: (sign === "-" ? -value : value) + 0 };
}

/** The number that a string field's text is, as a whole and in the grammar of floats; undefined where it is none. */
export function numberInText(text: string): number | undefined {
  const value = FLOAT.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** Compares whole numbers by their digits: 64 bits do not fit into a JavaScript number. */
function exceeds(digits: string, max: string): boolean {
  const significant = withoutLeadingZeros(digits);
  return significant.length === max.length ? significant > max : significant.length > max.length;
}

function withoutLeadingZeros(digits: string): string {
  return digits.replace(/^0+(?=\d)/, "");
}

function fault(words: string): LineNumber {
  return { ok: false, fault: words };
}
