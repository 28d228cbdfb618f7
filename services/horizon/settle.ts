import type { SinkProgress } from "./claim-state.ts";

export type Settlement = "wait" | "confirm" | "deliver_again";

/** What is known of a store at a moment. */
export interface StoreSight {
  /** Its words, which stay the same as long as it has not died; undefined when it has none to give. */
  readonly proof: string | undefined;
  /** How long it has run at least, on the clock that gave the progress its `storeRanMs`; read before it gave its proof. */
  readonly ranMs: number;
}

/**
 * Decides about a claim that a sink has acknowledged (DESIGN 5.7). The store may forget what it acknowledged if it
 * dies before it has run for `settleMs`; that it still is the process which it was before the delivery proves that it
 * did not.
 * @param progress the sink's progress, in state `delivered`. @param settleMs undefined for a store that never forgets.
 */
export function settle(progress: SinkProgress, settleMs: number | undefined, store: StoreSight): Settlement {
  if (settleMs === undefined || progress.proof === undefined) {
    return "confirm";
  }
  if (store.proof !== progress.proof) {
    return "deliver_again";
  }
  return progress.storeRanMs !== undefined && store.ranMs - progress.storeRanMs >= settleMs ? "confirm" : "wait";
}
