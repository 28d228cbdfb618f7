import type { ShardKeys } from "../../shared/buffer-keys.ts";
import type { SinkName } from "../claim-state.ts";
import type { KnownSeries } from "../known-series.ts";
import type { Slice } from "../slice.ts";
import type { Tally } from "../tally.ts";

/** Samples of one series that a store refuses for good. */
export interface RefusedSamples {
  readonly series: KnownSeries;
  readonly tenant: string;
  /** Under which they were sent. */
  readonly namespace: string;
  /** The store's own words. */
  readonly detail: string;
  readonly samples: readonly RefusedSample[];
}

export interface RefusedSample {
  readonly timestampMs: number;
  /** The 64 bits of the value. */
  readonly bits: bigint;
}

/** Takes refused samples into safe keeping; the delivery goes on when it has. */
export type OnRefused = (refused: RefusedSamples) => Promise<void>;

/** The claim that a delivery is of, and this instance's right to it. */
export interface ClaimHold {
  /** The keys of the shard that it is from. */
  readonly keys: ShardKeys;
  /** When it was claimed, in ms since 1970: of two claims of a shard, the later has the greater. */
  readonly claimedAtMs: number;
  /** Stands for this hold on the shard. Nobody else has had it. */
  readonly token: string;
  /**
   * To be called right before anything is sent: after a pause of the process the signal may not know yet.
   * @throws LeaseLostError when the claim may be another instance's by now.
   */
  assertHeld(): void;
  /** Asks Redis for the lease of the shard. @throws LeaseLostError when it is another's, or else what Redis throws. */
  confirm(): Promise<void>;
}

/** How long a store that dies forgets what it acknowledged. */
export interface Settling {
  /** What it acknowledged, it keeps when it has run for so long since. */
  readonly settleMs: number;
  readonly clock: StoreClock;
}

/** The time for which a store has run, as far as it is known here. It stands still while the store does. */
export interface StoreClock {
  atLeastMs(): number;
  /** A little more: it may have run since it was last looked at. */
  atMostMs(): number;
}

/**
 * A store that Horizon writes to. Everything here may throw RetryableError: the store takes nothing now, and the whole
 * claim is to be delivered again later. What it refuses for good is no error but goes to `onRefused` and the tally.
 */
export interface Sink {
  readonly name: SinkName;
  /** For a store that may forget what it acknowledged; undefined for one that never does. */
  readonly settling: Settling | undefined;
  /** Begins to deliver one claim. */
  begin(onRefused: OnRefused, signal: AbortSignal, hold: ClaimHold): Promise<Delivery>;
  /** Words that stay the same as long as the store has not died; undefined when it has none to give. */
  proof(signal: AbortSignal): Promise<string | undefined>;
  /** Asks the store whether it takes samples now. @throws RetryableError with the reason when not. */
  check(signal: AbortSignal): Promise<void>;
}

/** One claim on its way into one store. */
export interface Delivery {
  /**
   * Takes a slice. The sink may keep some of it back, within its own bound, until a later call; that has to be a copy, because
   * the columns of the slice are those of another afterwards.
   */
  write(slice: Slice, signal: AbortSignal): Promise<void>;
  /**
   * Writes what was kept back.
   * @returns what became of all samples in the groups of all slices; what was claimed is counted by the caller.
   */
  finish(signal: AbortSignal): Promise<Tally>;
}
