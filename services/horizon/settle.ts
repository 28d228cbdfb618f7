import type { SinkProgress } from "./claim-state.ts";

/** What a store says now: its proof, or that it has none to give, or nothing because it does not answer. */
export type CurrentProof = { answers: true; proof: string | undefined } | { answers: false };
export type Settlement = "wait" | "confirm" | "deliver_again";

/**
 * Decides about a claim that a sink has acknowledged (DESIGN 5.7). The store may forget what it acknowledged if it
 * dies within `settleMs`; that it still is the process which it was before the delivery proves that it did not.
 * @param progress the sink's progress, in state `delivered`.
 * @param askedAtMs when the store was asked, on the clock that gave `deliveredAtMs`.
 */
export function settle(progress: SinkProgress, settleMs: number, askedAtMs: number, current: CurrentProof): Settlement {
  if (settleMs === 0 || progress.proof === undefined) {
    return "confirm";
  }
  if (!current.answers) {
    return "wait";
  }
  if (current.proof !== progress.proof) {
    return "deliver_again";
  }
  return askedAtMs - progress.deliveredAtMs >= settleMs ? "confirm" : "wait";
}
