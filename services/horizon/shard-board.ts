import type { CycleReport } from "./cycle.ts";

/** A shard that this instance holds, and how its work goes. Times are ms since 1970. */
export interface HeldShard {
  readonly shard: number;
  readonly sinceMs: number;
  /** When its last cycle ended well here; undefined before the first. */
  readonly lastGoodMs: number | undefined;
  /** What that cycle came to. */
  readonly report: CycleReport | undefined;
}

/** What this instance saw when it last looked which shards it should have. */
export interface Sight {
  readonly atMs: number;
  readonly instances: readonly string[];
  /** Who had the lease of each shard. */
  readonly owners: readonly (string | undefined)[];
}

/** What an instance knows of the shards: written by those who work them, read by status, readiness and metrics. */
export class ShardBoard {
  readonly #held = new Map<number, HeldShard>();
  #sight: Sight | undefined;

  /** The last look; undefined before the first. */
  get sight(): Sight | undefined {
    return this.#sight;
  }

  /** The shards that this instance holds now, by number. */
  held(): HeldShard[] {
    return [...this.#held.values()].sort((a, b) => a.shard - b.shard);
  }

  see(sight: Sight): void {
    this.#sight = sight;
  }

  take(shard: number, nowMs: number): void {
    this.#held.set(shard, { shard, sinceMs: nowMs, lastGoodMs: undefined, report: undefined });
  }

  /** Notes a cycle that has ended well. */
  note(report: CycleReport, nowMs: number): void {
    const held = this.#held.get(report.shard);
    if (held) {
      this.#held.set(report.shard, { ...held, lastGoodMs: nowMs, report });
    }
  }

  drop(shard: number): void {
    this.#held.delete(shard);
  }
}
