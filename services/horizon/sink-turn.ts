import type { Logger } from "../shared/logger.ts";
import type { BacklogCap } from "./backlog-cap.ts";
import type { ClaimLedger } from "./claim-ledger.ts";
import type { HorizonMetrics } from "./metrics.ts";
import type { Phase, PhaseTimes } from "./phase-times.ts";
import type { RestingDeliveries } from "./resting-deliveries.ts";
import type { BlockReading } from "./usable-slices.ts";

/** What a cycle did for one sink. */
export interface SinkReport {
  delivered: number;
  confirmed: number;
  /** Claims that the store may have forgotten. */
  deliveredAgain: number;
  /** Claims that the sink will not get, because its backlog was over its cap. */
  discarded: number;
  /** What the turn has gone into, in seconds. */
  phaseSeconds: Partial<Record<Phase, number>>;
  /** Why the sink's turn ended early; undefined when it did not. */
  failure: string | undefined;
}

/** What a sink's part of a cycle is done with, and until when. */
export interface SinkTurn {
  readonly reading: BlockReading;
  readonly ledger: ClaimLedger;
  readonly metrics: HorizonMetrics;
  readonly logger: Pick<Logger, "info" | "warn" | "error">;
  readonly now: () => number;
  /** The deliveries of the shard that an earlier cycle has left unfinished. */
  readonly resting: RestingDeliveries;
  readonly cap: BacklogCap;
  readonly phases: PhaseTimes;
  /** When the cycle should come to its end, so that the next minute's claim is not held up. */
  readonly endMs: number;
  /** When nothing more of the backlog should be begun. */
  readonly drainEndMs: number;
  /** Aborted when the service stops: the claim at hand is finished, and no other begun. */
  readonly stopping: AbortSignal;
  /** Aborted when the claim at hand is to be left, too. */
  readonly signal: AbortSignal;
}
