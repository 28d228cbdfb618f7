import { labelsOf } from "../../../../services/horizon/known-series.ts";
import type { SeriesSamples } from "../../../../services/horizon/sample-groups.ts";
import type { Slice } from "../../../../services/horizon/slice.ts";
import type { Random } from "../../../support/random.ts";
import { samplesOf } from "../slices.ts";
import { REFUSED_NAME, SLOW_MS, type StoreMood, type StoreName } from "./operations.ts";
import { sampleKey } from "./truth.ts";

/** What a store is told of by whoever judges it. */
export interface StoreWatcher {
  /** A sample is about to be written. @throws where that is wrong. */
  onWrite(store: StoreName, key: string): void;
  onRefuse(store: StoreName, key: string): void;
  /** Time goes by. */
  onWork(ms: number): void;
}

/**
 * A store that keeps samples as sets, for both instances; with moods, and with a bad memory where it has `settleMs`.
 * While it hangs it stands still, and makes nothing safe.
 */
export class ModelStore {
  readonly name: StoreName;
  readonly settleMs: number;
  readonly #watcher: StoreWatcher;
  readonly #now: () => number;
  /** How long it had run when each sample was written for the first time since it was last forgotten. */
  readonly #writtenAtMs = new Map<string, number>();
  #life = 1;
  #mood: StoreMood = "well";
  /** How long it has run until its mood last changed, and when that was. */
  #ranMs = 0;
  #changedAtMs: number;

  constructor(name: StoreName, settleMs: number, now: () => number, watcher: StoreWatcher) {
    this.name = name;
    this.settleMs = settleMs;
    this.#now = now;
    this.#changedAtMs = now();
    this.#watcher = watcher;
  }

  get mood(): StoreMood {
    return this.#mood;
  }

  set mood(mood: StoreMood) {
    this.#ranMs = this.ranMs;
    this.#changedAtMs = this.#now();
    this.#mood = mood;
  }

  /** How long it has run. */
  get ranMs(): number {
    return this.#mood === "hanging" ? this.#ranMs : this.#ranMs + this.#now() - this.#changedAtMs;
  }

  /** Words that stay the same until it is restarted, if it has any reason to give them. */
  get proof(): string | undefined {
    return this.settleMs === 0 ? undefined : `life ${this.#life}`;
  }

  get size(): number {
    return this.#writtenAtMs.size;
  }

  has(key: string): boolean {
    return this.#writtenAtMs.has(key);
  }

  /** Whether it holds a sample, and would after a restart. */
  keeps(key: string): boolean {
    const writtenAtMs = this.#writtenAtMs.get(key);
    return writtenAtMs !== undefined && this.ranMs - writtenAtMs >= this.settleMs;
  }

  /** Writes the samples of a slice. @returns those of them that it refuses. */
  take(slice: Slice): SeriesSamples[] {
    const refused: SeriesSamples[] = [];
    this.#watcher.onWork(this.mood === "slow" ? SLOW_MS : 0);
    for (const group of slice.groups) {
      const isRefused = this.mood === "refusing" && nameOf(group) === REFUSED_NAME;
      for (const [timestampMs, bits] of samplesOf(slice, group)) {
        const key = sampleKey(group.series.idText, timestampMs, bits);
        if (isRefused) {
          this.#watcher.onRefuse(this.name, key);
        } else {
          this.#watcher.onWrite(this.name, key);
          this.#writtenAtMs.set(key, this.#writtenAtMs.get(key) ?? this.ranMs);
        }
      }
      if (isRefused) {
        refused.push(group);
      }
    }
    return refused;
  }

  /** Dies and comes back without some of what it had not made safe. */
  restart(random: Random): void {
    this.#life++;
    for (const key of [...this.#writtenAtMs.keys()]) {
      if (!this.keeps(key) && random.below(2) === 0) {
        this.#writtenAtMs.delete(key);
      }
    }
  }
}

function nameOf({ series }: SeriesSamples): string | undefined {
  return labelsOf(series).find(({ name }) => name === "__name__")?.value;
}
