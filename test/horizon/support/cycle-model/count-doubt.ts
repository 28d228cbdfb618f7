import type { CallEnd } from "./call-scheduler.ts";

/**
 * When a count may be missing. An instance counts what became of a claim's samples when Redis has confirmed that the
 * claim is confirmed. If the reply does not reach it, what it reads at its next cycle decides; so a count is missing
 * only if the reply was lost and the instance ended, or another took the shard, before it could read. And the samples
 * of a parked block are counted when Redis has confirmed that it is a dead letter; nothing is left to read afterwards.
 */
export class CountDoubt<Instance> {
  readonly #unsure = new Set<Instance>();
  #mayMissCounts = false;

  get mayMissCounts(): boolean {
    return this.#mayMissCounts;
  }

  note(instance: Instance, { name, gotThrough, answered }: CallEnd): void {
    if (name === "update-claim" && !answered) {
      this.#unsure.add(instance);
    } else if (name === "hgetall" && answered) {
      this.#unsure.delete(instance);
    } else if (name === "add-dead-letter" && gotThrough && !answered) {
      this.#mayMissCounts = true;
    }
  }

  /** An instance has taken the shard. */
  take(instance: Instance): void {
    this.#mayMissCounts ||= [...this.#unsure].some((one) => one !== instance);
  }

  /** An instance is no more. */
  end(instance: Instance): void {
    this.#mayMissCounts ||= this.#unsure.delete(instance);
  }
}
