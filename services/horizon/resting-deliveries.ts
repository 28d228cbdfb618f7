import type { ClaimDelivery } from "./claim-delivery.ts";
import type { ClaimState, SinkName } from "./claim-state.ts";

/**
 * The deliveries of a shard that rest until the next cycle: at most one for each sink, so that memory stays bounded.
 */
export class RestingDeliveries {
  readonly #bySink = new Map<SinkName, ClaimDelivery>();

  /**
   * The claim whose delivery to a sink rests, if it can still be gone on with.
   * @param pending the claims that the sink does not have.
   * @param token stands for the present hold on the shard: under a former one somebody else may have had the claim.
   */
  claimOf(sink: SinkName, pending: readonly ClaimState[], token: string): string | undefined {
    const resting = this.#bySink.get(sink);
    if (resting && resting.token === token && pending.some(({ id }) => id === resting.claim.id)) {
      return resting.claim.id;
    }
    this.#bySink.delete(sink);
    return undefined;
  }

  /** Takes up the delivery of a claim, if that is the one that rests. It rests no more, whatever becomes of it. */
  take(sink: SinkName, claimId: string): ClaimDelivery | undefined {
    const resting = this.#bySink.get(sink);
    if (resting?.claim.id !== claimId) {
      return undefined;
    }
    this.#bySink.delete(sink);
    return resting;
  }

  /** Whether a further delivery to the sink may be laid to rest. */
  hasRoom(sink: SinkName): boolean {
    return !this.#bySink.has(sink);
  }

  keep(sink: SinkName, delivery: ClaimDelivery): void {
    this.#bySink.set(sink, delivery);
  }

  /** Forgets all: the shard is another instance's now. */
  clear(): void {
    this.#bySink.clear();
  }
}
