import type { SeriesId } from "../../../shared/series.ts";

/**
 * Remembers the time of the newest sample that was given to each bucket of each series, so that an older one that
 * comes later does not take its place. Bounded: when there are too many, the oldest buckets are forgotten. For a
 * forgotten bucket, and after a restart, what comes last wins, whatever its time.
 */
export class NewestInBucket {
  readonly #maxEntries: number;
  readonly #buckets = new Map<number, Map<SeriesId, number>>();
  #entries = 0;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  /** @returns whether the sample is as new as any that the bucket was offered; it is then the newest. */
  offer(id: SeriesId, bucketMs: number, timestampMs: number): boolean {
    const bucket = this.#bucket(bucketMs);
    const newest = bucket.get(id);
    if (newest !== undefined && timestampMs < newest) {
      return false;
    }
    bucket.set(id, timestampMs);
    if (newest === undefined) {
      this.#entries++;
      this.#forgetOldest(bucketMs);
    }
    return true;
  }

  #bucket(bucketMs: number): Map<SeriesId, number> {
    let bucket = this.#buckets.get(bucketMs);
    if (!bucket) {
      bucket = new Map();
      this.#buckets.set(bucketMs, bucket);
    }
    return bucket;
  }

  #forgetOldest(except: number): void {
    while (this.#entries > this.#maxEntries && this.#buckets.size > 1) {
      const oldest = [...this.#buckets.keys()]
        .filter((bucketMs) => bucketMs !== except)
        .reduce((a, b) => Math.min(a, b));
      this.#entries -= this.#buckets.get(oldest)?.size ?? 0;
      this.#buckets.delete(oldest);
    }
  }
}
