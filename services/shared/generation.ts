/** How long a generation lasts. */
export const GENERATION_MS = 3_600_000;

/**
 * The registry generation at a time: hours since 1970. Every generation lists all series that were active in it, so
 * old ones can be thrown away whole, and with them the series that are gone.
 * @param nowMs time in milliseconds since 1970.
 */
export function generationAt(nowMs: number): number {
  return Math.floor(nowMs / GENERATION_MS);
}
