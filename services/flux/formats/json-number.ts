/*
 * Numbers of the JSON payload. Skyline took them as numbers and as strings.
 */

/**
 * Timestamps below this, in either direction, are seconds, others milliseconds: 10^11 seconds is the year 5138, 10^11
 * milliseconds is March 1973.
 */
export const FIRST_MILLISECONDS = 1e11;

export type JsonNumber = { ok: true; value: number } | { ok: false; detail: string };

/**
 * Reads a timestamp: a number or a numeric string, in seconds (fractions allowed) or milliseconds, told apart by
 * `FIRST_MILLISECONDS`.
 * @returns whole milliseconds since 1970, rounded.
 */
export function readTimestampMs(given: unknown): JsonNumber {
  if (given === undefined) {
    return { ok: false, detail: "there is no timestamp" };
  }
  const number = finiteNumber(given);
  if (number === undefined) {
    return { ok: false, detail: `the timestamp ${show(given)} is not a number of seconds or milliseconds` };
  }
  // Adding 0 turns -0 into 0.
  const timestampMs = Math.round(Math.abs(number) < FIRST_MILLISECONDS ? number * 1000 : number) + 0;
  return Number.isSafeInteger(timestampMs)
    ? { ok: true, value: timestampMs }
    : { ok: false, detail: `the timestamp ${show(given)} is out of range` };
}

/** Reads a value: a finite number, a numeric string, or NaN, Inf or Infinity as a string, in any case, with a sign. */
export function readValue(given: unknown): JsonNumber {
  if (given === undefined) {
    return { ok: false, detail: "there is no value" };
  }
  const value = (typeof given === "string" ? specialNumber(given) : undefined) ?? finiteNumber(given);
  return value === undefined
    ? { ok: false, detail: `the value ${show(given)} is not a number that 64 bits can hold` }
    : { ok: true, value };
}

/** A number, or a string in decimal notation. Never infinite: 1e999 is a mistake, not infinity. */
function finiteNumber(given: unknown): number | undefined {
  const number = typeof given === "string" && isDecimal(given) ? Number(given) : given;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

function isDecimal(text: string): boolean {
  return /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text.trim());
}

function specialNumber(text: string): number | undefined {
  const [, sign, word] = /^([+-]?)(nan|inf|infinity)$/i.exec(text.trim()) ?? [];
  if (word === undefined) {
    return undefined;
  }
  if (word.toLowerCase() === "nan") {
    return Number.NaN;
  }
  return sign === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Never the inside of a list or object: it may be nested deeper than the stack. */
function show(given: unknown): string {
  if (typeof given === "string") {
    return JSON.stringify(given.slice(0, 40));
  }
  return typeof given === "object" && given !== null ? "(a list or object)" : String(given);
}
