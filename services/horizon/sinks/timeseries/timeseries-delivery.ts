import { NONE } from "../../id-index.ts";
import type { SkipReason } from "../../reasons.ts";
import type { SeriesSamples, Slice } from "../../slice.ts";
import { Tally } from "../../tally.ts";
import type { ClaimHold, Delivery, OnRefused, RefusedSamples } from "../sink.ts";
import type { BucketRecords, OpenBucket } from "./bucket-records.ts";
import { beats, KeptPoints, type PointWindow } from "./kept-points.ts";
import { storableTimes, type TimeBounds, whyNotStorable } from "./storable.ts";
import {
  type DuplicateRule,
  type PointOutcome,
  type SeriesPoint,
  type TimeSeriesWriterOptions,
  writePoints,
} from "./timeseries-writer.ts";
import type { WriteFence } from "./write-fence.ts";

/** Commands with samples on their way at a time. */
const COMMANDS_AT_ONCE = 4;

export interface TimeSeriesDeliveryOptions extends TimeSeriesWriterOptions {
  /** 0 keeps every sample at its own time. */
  readonly resolutionMs: number;
  /** Width of what `records` calls a bucket: the resolution, or where that is 0 any width. */
  readonly windowMs: number;
  readonly batchSamples: number;
  /** Points to keep back at most, in the hope of a newer sample for their bucket. */
  readonly maxKeptBack: number;
  readonly records: BucketRecords;
}

/**
 * One claim on its way into RedisTimeSeries. Blocks come in no order, so points are kept back until the claim's end or
 * until there are many. What is then written does not depend on the order in which claims are delivered:
 * - With a resolution, each bucket gets the value of its newest sample, at the bucket's start; of two samples of the
 *   very same time, that of the later claim.
 * - Without, a time gets the value of the latest claim that has one for it. The exception: what a claim has, when a
 *   later one has been written already that has samples of the series in the same window, is written only at times
 *   that are empty, although the value there may be from an even earlier claim.
 */
export class TimeSeriesDelivery implements Delivery {
  readonly #options: TimeSeriesDeliveryOptions;
  readonly #fence: WriteFence;
  readonly #hold: ClaimHold;
  readonly #onRefused: OnRefused;
  readonly #kept: KeptPoints;
  readonly #tally = new Tally();

  /** @param fence taken already. */
  constructor(options: TimeSeriesDeliveryOptions, fence: WriteFence, hold: ClaimHold, onRefused: OnRefused) {
    this.#options = options;
    this.#fence = fence;
    this.#hold = hold;
    this.#onRefused = onRefused;
    this.#kept = new KeptPoints(options.windowMs);
  }

  async write(slice: Slice, signal: AbortSignal): Promise<void> {
    this.#keepBack(slice);
    if (this.#kept.size >= this.#options.maxKeptBack) {
      await this.#flush(signal);
    }
  }

  async finish(signal: AbortSignal): Promise<Tally> {
    await this.#flush(signal);
    return this.#tally;
  }

  #keepBack({ groups, timestampsMs, valueBits }: Slice): void {
    const times = storableTimes(this.#options.now(), this.#options.shape.retentionMs);
    const values = new Float64Array(valueBits.buffer, valueBits.byteOffset, valueBits.length);
    for (const group of groups) {
      this.#keepNewest(group, timestampsMs, values, times);
    }
  }

  /** The rows of a series come in order of time: only the newest of each place is offered, which is quicker. */
  #keepNewest(group: SeriesSamples, timestampsMs: Float64Array, values: Float64Array, times: TimeBounds): void {
    const { tenant, first, count } = group;
    let newest: NewestRow | undefined;
    let left = 0;
    for (let row = first; row < first + count; row++) {
      const sampledAtMs = timestampsMs[row] ?? 0;
      const value = values[row] ?? 0;
      const reason = whyNotStorable(sampledAtMs, value, times);
      if (reason) {
        this.#tally.skip(tenant, reason, 1);
        continue;
      }
      const storedAtMs = this.#placeOf(sampledAtMs);
      if (newest?.storedAtMs === storedAtMs) {
        left++;
        takePlace(newest, sampledAtMs, value);
      } else {
        left += this.#offer(group, newest) ? 1 : 0;
        newest = { sampledAtMs, storedAtMs, value };
      }
    }
    left += this.#offer(group, newest) ? 1 : 0;
    if (left > 0) {
      this.#tally.skip(tenant, "older_in_bucket", left);
    }
  }

  #placeOf(sampledAtMs: number): number {
    const { resolutionMs } = this.#options;
    return resolutionMs === 0 ? sampledAtMs : sampledAtMs - (sampledAtMs % resolutionMs);
  }

  /** @returns whether a sample was left out for it, or it for another. */
  #offer({ series, tenant, namespace }: SeriesSamples, row: NewestRow | undefined): boolean {
    if (!row) {
      return false;
    }
    const { sampledAtMs, storedAtMs, value } = row;
    return this.#kept.offer({ series, tenant, namespace, sampledAtMs, storedAtMs, value, slot: NONE });
  }

  async #flush(signal: AbortSignal): Promise<void> {
    for (const window of this.#kept.drain()) {
      await this.#writeWindow(window, signal);
    }
  }

  async #writeWindow({ startMs, points }: PointWindow, signal: AbortSignal): Promise<void> {
    const { records, resolutionMs } = this.#options;
    const ids = points.map(({ series }) => series.id);
    const bucket = await records.open(this.#hold.keys, startMs, ids);
    for (const [i, point] of points.entries()) {
      point.slot = bucket.slots[i] ?? NONE;
    }
    const beaten = new Set(points.filter((point) => this.#isOutdone(bucket, point)));
    const better = beaten.size === 0 ? points : points.filter((point) => !beaten.has(point));
    await this.#send(bucket, better, "last", signal);
    if (resolutionMs === 0) {
      await this.#send(bucket, [...beaten], "first", signal);
    } else {
      for (const { tenant } of beaten) {
        this.#skip(tenant, "older_in_bucket");
      }
    }
    await records.save(this.#fence, this.#hold.keys, bucket);
  }

  #isOutdone({ newest }: OpenBucket, point: SeriesPoint): boolean {
    return newest.isOutdone(point.slot, this.#rankOf(point), this.#hold.claimedAtMs);
  }

  /** Without a resolution a bucket holds many samples of a series; what counts is the latest claim to write there. */
  #rankOf({ sampledAtMs }: SeriesPoint): number {
    return this.#options.resolutionMs === 0 ? this.#hold.claimedAtMs : sampledAtMs;
  }

  async #send(
    bucket: OpenBucket,
    points: readonly SeriesPoint[],
    rule: DuplicateRule,
    signal: AbortSignal,
  ): Promise<void> {
    const { batchSamples } = this.#options;
    const step = batchSamples * COMMANDS_AT_ONCE;
    for (let start = 0; start < points.length; start += step) {
      signal.throwIfAborted();
      const batches: SeriesPoint[][] = [];
      for (let from = start; from < Math.min(start + step, points.length); from += batchSamples) {
        batches.push(points.slice(from, from + batchSamples));
      }
      const outcomes = await Promise.all(batches.map((batch) => writePoints(this.#options, this.#fence, batch, rule)));
      for (const [i, batch] of batches.entries()) {
        await this.#settle(bucket, batch, outcomes[i] ?? [], rule);
      }
    }
  }

  async #settle(
    bucket: OpenBucket,
    points: readonly SeriesPoint[],
    outcomes: readonly PointOutcome[],
    rule: DuplicateRule,
  ): Promise<void> {
    for (const [i, point] of points.entries()) {
      const outcome = outcomes[i];
      switch (outcome?.kind) {
        case "written":
          this.#tally.write(point.tenant, 1);
          if (rule === "last") {
            bucket.newest.note(point.slot, this.#rankOf(point), this.#hold.claimedAtMs);
          }
          break;
        case "too_old":
          this.#skip(point.tenant, "older_than_retention");
          break;
        case "refused":
          await this.#onRefused(refusal(point, outcome.words));
          this.#tally.bury(point.tenant, "refused_by_store", 1);
          break;
        case undefined:
          throw new Error("cannot account for a point: it has no outcome");
      }
    }
  }

  #skip(tenant: string, reason: SkipReason): void {
    this.#tally.skip(tenant, reason, 1);
  }
}

/** The newest sample so far of a place. */
interface NewestRow {
  sampledAtMs: number;
  readonly storedAtMs: number;
  value: number;
}

function takePlace(newest: NewestRow, sampledAtMs: number, value: number): void {
  if (beats(sampledAtMs, value, newest)) {
    newest.sampledAtMs = sampledAtMs;
    newest.value = value;
  }
}

function refusal({ series, tenant, namespace, sampledAtMs, value }: SeriesPoint, detail: string): RefusedSamples {
  const bits = new BigUint64Array(new Float64Array([value]).buffer)[0] ?? 0n;
  return { series, tenant, namespace, detail, samples: [{ timestampMs: sampledAtMs, bits }] };
}
