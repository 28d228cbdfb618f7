/** When to start a server again that has died. */
export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
  /** After running this long a server counts as healthy: its next death starts over at `firstMs`. */
  readonly calmMs: number;
}

export const DEFAULT_BACKOFF: Backoff = { firstMs: 500, maxMs: 30_000, calmMs: 60_000 };

/**
 * How long to wait before a server is started again: doubled with every death in a row, up to a limit.
 * @param deathsInARow 1 for the first death.
 */
export function restartDelayMs(backoff: Backoff, deathsInARow: number): number {
  return Math.min(backoff.firstMs * 2 ** (deathsInARow - 1), backoff.maxMs);
}

/** Deaths in a row, once a server has died that had run for `ranMs`. */
export function countDeath(backoff: Backoff, deathsInARow: number, ranMs: number): number {
  return ranMs >= backoff.calmMs ? 1 : deathsInARow + 1;
}
