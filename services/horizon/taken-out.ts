import { RecentMap } from "./recent-map.ts";

/**
 * Blocks that are remembered at least. A sink whose slice is older than the last so many may take a block out once more,
 * which changes nothing in Redis and counts it twice.
 */
const BLOCKS_REMEMBERED = 100_000;

/**
 * The blocks that a cycle has taken out of its claims, by fingerprint. Both sinks read the same claim at about the same
 * time: each block leaves it once, and a sink goes on without a block only when Redis has confirmed that it is gone.
 */
export class TakenOut {
  readonly #blocks = new RecentMap<Promise<void>>(BLOCKS_REMEMBERED);
  #size = 0;

  /** Takes a block out, unless that has been done or is being done; then waits for it. @throws what `take` throws. */
  once(fingerprint: string, take: () => Promise<void>): Promise<void> {
    const known = this.#blocks.get(fingerprint);
    if (known) {
      return known;
    }
    const taking = take();
    this.#blocks.set(fingerprint, taking);
    this.#size++;
    return taking;
  }

  /** Whether a block is out. Waits where it is being taken out. @throws what that throws. */
  async has(fingerprint: string): Promise<boolean> {
    const known = this.#blocks.get(fingerprint);
    await known;
    return known !== undefined;
  }

  /** How many blocks it has been asked to take out. */
  get size(): number {
    return this.#size;
  }
}
