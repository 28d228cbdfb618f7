import type { ClaimState } from "./claim-state.ts";
import type { BacklogReason } from "./reasons.ts";

/** How much of a shard may wait for one sink; 0 is no bound. */
export interface BacklogCap {
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

/** A claim that a sink is not to get any more. */
export interface ExcessClaim {
  readonly claim: ClaimState;
  readonly reason: BacklogReason;
}

/**
 * The claims that are over the cap of a sink, oldest first. The newest claim never is: it is no backlog. Pure.
 * @param pending the claims that the sink does not have, newest first.
 */
export function excessClaims(pending: readonly ClaimState[], cap: BacklogCap, nowMs: number): ExcessClaim[] {
  let bytes = 0;
  const excess: ExcessClaim[] = [];
  for (const [position, claim] of pending.entries()) {
    bytes += claim.bytes;
    if (position === 0) {
      continue;
    }
    if (cap.maxAgeMs > 0 && nowMs - claim.claimedAtMs > cap.maxAgeMs) {
      excess.push({ claim, reason: "backlog_too_old" });
    } else if (cap.maxBytes > 0 && bytes > cap.maxBytes) {
      excess.push({ claim, reason: "backlog_too_large" });
    }
  }
  return excess.reverse();
}
