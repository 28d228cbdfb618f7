import { type ClaimState, isConfirmedByAll, type SinkName, type SinkProgress, withProgress } from "./claim-state.ts";
import type { ShardClaims } from "./claims.ts";
import type { HorizonMetrics } from "./metrics.ts";
import { Tally } from "./tally.ts";

/** Where the ledger writes down what it knows. */
type LedgerClaims = Pick<ShardClaims, "holder" | "update" | "finish">;

/**
 * The claims of a shard during one cycle. Both sinks write to it, each its own progress, and Redis is told. Samples are
 * counted when a sink has confirmed them and never again.
 */
export class ClaimLedger {
  readonly #claims: LedgerClaims;
  readonly #metrics: HorizonMetrics;
  readonly #uncounted: UncountedTallies;
  readonly #states: Map<string, ClaimState>;

  constructor(
    claims: LedgerClaims,
    metrics: HorizonMetrics,
    uncounted: UncountedTallies,
    states: readonly ClaimState[],
  ) {
    this.#claims = claims;
    this.#metrics = metrics;
    this.#uncounted = uncounted;
    this.#states = new Map(states.map((state) => [state.id, state]));
    uncounted.settle(states, metrics);
  }

  /** The claims that a sink does not have, newest first: what is happening now matters most. */
  pendingFor(sink: SinkName): ClaimState[] {
    return [...this.#states.values()].filter(({ sinks }) => !sinks[sink]).reverse();
  }

  /** The claims that a sink has acknowledged and may still forget, with its progress. */
  deliveredTo(sink: SinkName): [ClaimState, SinkProgress][] {
    return [...this.#states.values()].flatMap((state): [ClaimState, SinkProgress][] => {
      const progress = state.sinks[sink];
      return progress?.state === "delivered" ? [[state, progress]] : [];
    });
  }

  /** Whether this instance has written a progress down. */
  isOwn({ by }: SinkProgress): boolean {
    return by === this.#claims.holder;
  }

  /**
   * Writes down how far a sink is with a claim; undefined makes the claim pending for it again.
   * @throws when Redis does not confirm it; the ledger is then as before.
   */
  async record(claimId: string, sink: SinkName, progress: SinkProgress | undefined): Promise<void> {
    // Taken up before Redis has it, so that the other sink, which may write meanwhile, writes this too.
    const before = this.#states.get(claimId)?.sinks[sink];
    const by = this.#claims.holder;
    this.#set(claimId, sink, progress && { ...withoutCounted(progress), by });
    if (progress?.state === "confirmed") {
      this.#uncounted.add({ claimId, sink, by, tally: progress.tally });
    }
    try {
      await this.#writeDown(claimId);
    } catch (error) {
      this.#set(claimId, sink, before);
      throw error;
    }
    this.#uncounted.count(claimId, sink, this.#metrics);
  }

  /** Deletes the claims that all these sinks have confirmed. @returns how many. */
  async finishConfirmed(sinks: readonly SinkName[]): Promise<number> {
    const confirmed = [...this.#states.values()].filter((state) => isConfirmedByAll(state, sinks));
    for (const state of confirmed) {
      await this.#claims.finish(state);
      this.#states.delete(state.id);
    }
    return confirmed.length;
  }

  /** The claims that are left, oldest first. */
  remaining(): ClaimState[] {
    return [...this.#states.values()];
  }

  #set(claimId: string, sink: SinkName, progress: SinkProgress | undefined): void {
    const state = this.#states.get(claimId);
    if (state) {
      this.#states.set(claimId, withProgress(state, sink, progress));
    }
  }

  async #writeDown(claimId: string): Promise<void> {
    const state = this.#states.get(claimId);
    if (state) {
      await this.#claims.update(state);
    }
  }
}

/** What is confirmed is counted here and never again: a long backlog for one sink need not hold the other's tallies. */
function withoutCounted(progress: SinkProgress): SinkProgress {
  return progress.state === "confirmed" ? { ...progress, tally: new Tally() } : progress;
}

/** A tally of a claim that is confirmed by a sink, if Redis was told so by this instance. */
export interface UncountedTally {
  readonly claimId: string;
  readonly sink: SinkName;
  readonly by: string;
  readonly tally: Tally;
}

/**
 * Tallies of which it is not known whether Redis was told that they are confirmed, because the connection broke while
 * it was being told. What Redis says in the next cycle decides whether they count.
 */
export class UncountedTallies {
  readonly #tallies = new Map<string, UncountedTally>();

  add(uncounted: UncountedTally): void {
    this.#tallies.set(`${uncounted.sink} ${uncounted.claimId}`, uncounted);
  }

  count(claimId: string, sink: SinkName, metrics: HorizonMetrics): void {
    const entry = this.#tallies.get(`${sink} ${claimId}`);
    if (entry) {
      metrics.countTally(sink, entry.tally);
      this.#tallies.delete(`${sink} ${claimId}`);
    }
  }

  /**
   * Counts what Redis turns out to have been told by us, and forgets the rest: it will be delivered again, or another
   * instance has taken the claim over, delivered and counted it.
   */
  settle(states: readonly ClaimState[], metrics: HorizonMetrics): void {
    for (const { claimId, sink, by } of [...this.#tallies.values()]) {
      const progress = states.find(({ id }) => id === claimId)?.sinks[sink];
      if (progress?.state === "confirmed" && progress.by === by) {
        this.count(claimId, sink, metrics);
      }
    }
    this.#tallies.clear();
  }
}
