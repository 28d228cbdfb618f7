/*
 * The unit of timestamps in line protocol. InfluxDB 1.x takes n u ms s m h and reads anything else as nanoseconds; 2.x
 * takes ns us ms s. Here both take all of these, and anything else is refused: a wrong guess would move data to 1970.
 */

export type Precision = "ns" | "us" | "ms" | "s" | "m" | "h";

/** The unit of the timestamps in a body. `auto`: each timestamp's own, told by how large it is. */
export type TimestampUnit = Precision | "auto";

/** Which InfluxDB a client believes to talk to: 1.x (`/write`) or 2.x (`/api/v2/write`). */
export type InfluxDialect = "v1" | "v2";

const PRECISIONS: ReadonlyMap<string, Precision> = new Map([
  ["n", "ns"],
  ["ns", "ns"],
  ["u", "us"],
  ["us", "us"],
  // U+00B5 and U+03BC look the same; keyboards have either.
  ["\u00b5", "us"],
  ["\u03bc", "us"],
  ["ms", "ms"],
  ["s", "s"],
  ["m", "m"],
  ["h", "h"],
]);

const REFUSALS: Readonly<Record<InfluxDialect, string>> = {
  v1: "invalid precision; valid precision units are n, u, ms, s, m, and h",
  v2: "invalid precision; valid precision units are ns, us, ms, and s",
};

/**
 * Reads the query argument `precision`.
 * @param given null or empty where the request has none.
 * @param dialect whose words a refusal has; the same units are taken in both.
 * @param absent the unit where the request has none: nanoseconds in InfluxDB.
 */
export function parsePrecision(
  given: string | null,
  dialect: InfluxDialect,
  absent: "ns" | "auto" = "ns",
): { ok: true; precision: TimestampUnit } | { ok: false; code: "bad_precision"; detail: string } {
  const precision = given ? PRECISIONS.get(given) : absent;
  return precision ? { ok: true, precision } : { ok: false, code: "bad_precision", detail: REFUSALS[dialect] };
}

/**
 * The unit that a timestamp is most likely in, as VictoriaMetrics tells it: 10^17 and more are nanoseconds, 10^14
 * microseconds, 10^11 milliseconds, anything less is seconds. True for all times from 1973 to 2262, the last that
 * InfluxDB can hold.
 * @param digits without sign and leading zeros.
 */
export function likelyUnit(digits: string): Precision {
  if (digits.length > 17) {
    return "ns";
  }
  if (digits.length > 14) {
    return "us";
  }
  return digits.length > 11 ? "ms" : "s";
}

/** Milliseconds of a unit; 1 for those shorter than a millisecond. */
export const UNIT_MS: Readonly<Record<Precision, number>> = { ns: 1, us: 1, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** The time of a line that has none: now, cut to the unit, as InfluxDB does. @param nowMs since 1970. */
export function truncateToPrecision(nowMs: number, unit: TimestampUnit): number {
  const unitMs = unit === "auto" ? 1 : UNIT_MS[unit];
  return Math.floor(nowMs / unitMs) * unitMs;
}
