/** Numbers from here on are milliseconds since 1970; below, which is up to the year 5138, seconds. */
const FIRST_AS_MS = 1e11;
/** The last time that a JavaScript date can be. */
const MAX_TIME_MS = 8.64e15;
const NUMBER = /^\d+(?:\.\d*)?$/;
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/**
 * Reads a time: seconds or milliseconds since 1970, or RFC 3339.
 * @returns whole milliseconds since 1970, or undefined for another text.
 */
export function parseTime(text: string): number | undefined {
  if (NUMBER.test(text)) {
    const number = Number(text);
    const ms = Math.round(number < FIRST_AS_MS ? number * 1000 : number);
    return ms <= MAX_TIME_MS ? ms : undefined;
  }
  // A plus that was not encoded in the URL has become a blank.
  const date = text.replace(/ (\d\d:\d\d)$/, "+$1");
  const ms = RFC_3339.test(date) ? Date.parse(date) : Number.NaN;
  return ms >= 0 ? ms : undefined;
}

const DURATION = /^(?:\d+(?:ms|[smhdwy]))+$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  ...{ ms: 1, s: 1000, m: 60_000, h: 3_600_000 },
  ...{ d: 86_400_000, w: 7 * 86_400_000, y: 365 * 86_400_000 },
};

/**
 * Reads a duration: seconds, or numbers with ms, s, m, h, d, w or y as Prometheus has them (`90`, `0.5`, `1h30m`).
 * @returns whole milliseconds, at least 1, or undefined for another text.
 */
export function parseDuration(text: string): number | undefined {
  let ms = Number.NaN;
  if (NUMBER.test(text)) {
    ms = Math.round(Number(text) * 1000);
  } else if (DURATION.test(text)) {
    ms = 0;
    for (const [, number, unit] of text.matchAll(/(\d+)([a-z]+)/g)) {
      ms += Number(number) * (UNIT_MS[unit ?? ""] ?? 0);
    }
  }
  return ms >= 1 && ms <= MAX_TIME_MS ? ms : undefined;
}
