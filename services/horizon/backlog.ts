import type { ClaimState, SinkName } from "./claim-state.ts";

/** What waits for one sink. */
export interface Backlog {
  readonly claims: number;
  /** Of their blocks. */
  readonly bytes: number;
  /** When the oldest of them was claimed, in ms since 1970; undefined when there is none. */
  readonly sinceMs: number | undefined;
}

/** Sums up the claims of which a sink has not taken all. Pure. */
export function backlogOf(claims: readonly ClaimState[], sink: SinkName): Backlog {
  const waiting = claims.filter(({ sinks }) => !sinks[sink]);
  return {
    claims: waiting.length,
    bytes: waiting.reduce((sum, { bytes }) => sum + bytes, 0),
    sinceMs:
      waiting.length === 0
        ? undefined
        : waiting.reduce((min, one) => Math.min(min, one.claimedAtMs), Number.POSITIVE_INFINITY),
  };
}
