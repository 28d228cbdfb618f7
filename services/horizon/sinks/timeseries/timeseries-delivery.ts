import { NONE } from "../../id-index.ts";
import type { Slice } from "../../slice.ts";
import { Tally } from "../../tally.ts";
import type { ClaimHold, Delivery, OnRefused } from "../sink.ts";
import type { BucketRecords, OpenBucket } from "./bucket-records.ts";
import { keepBack } from "./keep-back.ts";
import type { KeptPoints, PointWindow } from "./kept-points.ts";
import { type PointOwner, PointOwners } from "./point-owners.ts";
import { storableTimes } from "./storable.ts";
import {
  type DuplicateRule,
  type PointFailure,
  type TimeSeriesWriterOptions,
  writePoints,
} from "./timeseries-writer.ts";
import type { WriteFence } from "./write-fence.ts";

/** Commands with samples on their way at a time. */
const COMMANDS_AT_ONCE = 2;
const NO_FAILURES: ReadonlyMap<number, PointFailure> = new Map();

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

/** What a delivery begins with. */
export interface BegunDelivery {
  /** Taken already. */
  readonly fence: WriteFence;
  readonly hold: ClaimHold;
  readonly onRefused: OnRefused;
  /** Empty. */
  readonly kept: KeptPoints;
  /** Called when the delivery has come to its end and `kept` is empty again. */
  readonly giveBack: () => void;
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
  readonly #giveBack: () => void;
  readonly #owners = new PointOwners();
  readonly #tally = new Tally();

  constructor(options: TimeSeriesDeliveryOptions, { fence, hold, onRefused, kept, giveBack }: BegunDelivery) {
    this.#options = options;
    this.#fence = fence;
    this.#hold = hold;
    this.#onRefused = onRefused;
    this.#kept = kept;
    this.#giveBack = giveBack;
  }

  async write(slice: Slice, signal: AbortSignal): Promise<void> {
    const { now, shape, resolutionMs, maxKeptBack } = this.#options;
    const times = storableTimes(now(), shape.retentionMs);
    keepBack({ kept: this.#kept, owners: this.#owners, tally: this.#tally, resolutionMs }, slice, times);
    if (this.#kept.size >= maxKeptBack) {
      await this.#flush(signal);
    }
  }

  async finish(signal: AbortSignal): Promise<Tally> {
    await this.#flush(signal);
    this.#giveBack();
    for (const { tenant, written, outdone } of this.#owners) {
      this.#tally.write(tenant, written);
      if (outdone > 0) {
        this.#tally.skip(tenant, "older_in_bucket", outdone);
      }
    }
    return this.#tally;
  }

  async #flush(signal: AbortSignal): Promise<void> {
    for (const window of this.#kept.windows()) {
      await this.#writeWindow(window, signal);
    }
    this.#kept.clear();
  }

  async #writeWindow({ startMs, rows }: PointWindow, signal: AbortSignal): Promise<void> {
    const { records, resolutionMs } = this.#options;
    const { columns } = this.#kept;
    const bucket = await records.open(this.#hold.keys, startMs, columns.idsOf(rows));
    columns.setSlots(rows, bucket.slots);
    const beaten = rows.filter((row) => this.#isOutdone(bucket, row));
    const better = beaten.length === 0 ? rows : rows.filter((row) => !this.#isOutdone(bucket, row));
    await this.#send(bucket, better, "last", signal);
    if (resolutionMs === 0) {
      await this.#send(bucket, beaten, "first", signal);
    } else {
      for (const row of beaten) {
        this.#ownerOf(row).outdone++;
      }
    }
    await records.save(this.#fence, this.#hold.keys, bucket);
  }

  #isOutdone({ newest }: OpenBucket, row: number): boolean {
    return newest.isOutdone(this.#kept.columns.slots[row] ?? NONE, this.#rankOf(row), this.#hold.claimedAtMs);
  }

  /** Without a resolution a bucket holds many samples of a series; what counts is the latest claim to write there. */
  #rankOf(row: number): number {
    return this.#options.resolutionMs === 0 ? this.#hold.claimedAtMs : (this.#kept.columns.sampledAtMs[row] ?? 0);
  }

  #ownerOf(row: number): PointOwner {
    return this.#owners.at(this.#kept.columns.owners[row] ?? NONE);
  }

  async #send(bucket: OpenBucket, rows: Int32Array, rule: DuplicateRule, signal: AbortSignal): Promise<void> {
    const { batchSamples } = this.#options;
    const { columns } = this.#kept;
    const step = batchSamples * COMMANDS_AT_ONCE;
    for (let start = 0; start < rows.length; start += step) {
      signal.throwIfAborted();
      const batches: Int32Array[] = [];
      for (let from = start; from < Math.min(start + step, rows.length); from += batchSamples) {
        batches.push(rows.subarray(from, from + batchSamples));
      }
      const write = (batch: Int32Array) =>
        writePoints(this.#options, this.#fence, { columns, rows: batch, upkeep: bucket.upkeep }, rule);
      const failures = await Promise.all(batches.map(write));
      for (const [i, batch] of batches.entries()) {
        await this.#settle(bucket, batch, failures[i] ?? NO_FAILURES, rule);
      }
    }
  }

  /** @param failures of the rows that were not written. */
  async #settle(
    bucket: OpenBucket,
    rows: Int32Array,
    failures: ReadonlyMap<number, PointFailure>,
    rule: DuplicateRule,
  ): Promise<void> {
    const written = failures.size === 0 ? rows : rows.filter((row) => !failures.has(row));
    this.#countWritten(written);
    if (rule === "last") {
      this.#noteWritten(bucket, written);
    }
    for (const [row, failure] of failures) {
      await this.#settleFailed(row, failure);
    }
  }

  #countWritten(rows: Int32Array): void {
    const { owners } = this.#kept.columns;
    for (let first = 0; first < rows.length; ) {
      const owner = owners[rows[first] ?? 0] ?? NONE;
      let end = first + 1;
      while (end < rows.length && owners[rows[end] ?? 0] === owner) {
        end++;
      }
      this.#owners.at(owner).written += end - first;
      first = end;
    }
  }

  #noteWritten({ newest }: OpenBucket, rows: Int32Array): void {
    const { slots } = this.#kept.columns;
    const { claimedAtMs } = this.#hold;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] ?? 0;
      newest.note(slots[row] ?? NONE, this.#rankOf(row), claimedAtMs);
    }
  }

  async #settleFailed(row: number, failure: PointFailure): Promise<void> {
    const { tenant, namespace } = this.#ownerOf(row);
    if (failure.kind === "too_old") {
      this.#tally.skip(tenant, "older_than_retention", 1);
      return;
    }
    const { columns } = this.#kept;
    await this.#onRefused({
      ...{ series: columns.seriesAt(row), tenant, namespace, detail: failure.words },
      samples: [columns.sampleAt(row)],
    });
    this.#tally.bury(tenant, "refused_by_store", 1);
  }
}
