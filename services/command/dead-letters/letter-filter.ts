import type { DeadLetter } from "../../horizon/dead-letters.ts";

/** Which dead letters are meant: those for which all holds that is given. */
export interface LetterFilter {
  readonly tenant: string | undefined;
  readonly sink: string | undefined;
  readonly reason: string | undefined;
  /** Not older than so many milliseconds. */
  readonly sinceMs: number | undefined;
}

/** Whether a letter is meant. A filter by tenant or sink leaves out what does not say its own. @param nowMs since 1970. */
export function isMeant(letter: DeadLetter, { tenant, sink, reason, sinceMs }: LetterFilter, nowMs: number): boolean {
  return (
    (tenant === undefined || letter.tenant === tenant) &&
    (sink === undefined || (letter.kind === "samples" && letter.sink === sink)) &&
    (reason === undefined || letter.reason === reason) &&
    (sinceMs === undefined || nowMs - letter.atMs <= sinceMs)
  );
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a text like `90s`, `30m`, `2h` or `7d`; undefined where it is none. */
export function parseAge(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const unitMs = UNIT_MS[unit];
  return unitMs === undefined ? undefined : Number(count) * unitMs;
}
