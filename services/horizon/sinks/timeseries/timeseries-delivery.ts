import type { KnownSeries } from "../../known-series.ts";
import type { Slice } from "../../slice.ts";
import { Tally } from "../../tally.ts";
import type { Delivery, OnRefused } from "../sink.ts";
import type { NewestInBucket } from "./newest-in-bucket.ts";
import { whyNotStorable } from "./storable.ts";
import { type PointOutcome, type SeriesPoint, type TimeSeriesWriterOptions, writePoints } from "./timeseries-writer.ts";

/** TS.MADD commands on their way at a time. */
const COMMANDS_AT_ONCE = 4;

export interface TimeSeriesDeliveryOptions extends TimeSeriesWriterOptions {
  /** 0 keeps every sample at its own time. */
  readonly resolutionMs: number;
  readonly batchSamples: number;
  /** Points to keep back at most, in the hope of a newer sample for their bucket. */
  readonly maxKeptBack: number;
  readonly newest: NewestInBucket;
}

/**
 * One claim on its way into RedisTimeSeries. With a resolution, each bucket gets the value of its newest sample, at
 * the bucket's start; blocks come in no order, so points are kept back until the claim's end or until there are many.
 */
export class TimeSeriesDelivery implements Delivery {
  readonly #options: TimeSeriesDeliveryOptions;
  readonly #onRefused: OnRefused;
  readonly #tally = new Tally();
  #buckets = new Map<number, Map<KnownSeries, SeriesPoint>>();
  #keptBack = 0;

  constructor(options: TimeSeriesDeliveryOptions, onRefused: OnRefused) {
    this.#options = options;
    this.#onRefused = onRefused;
  }

  async write(slice: Slice, signal: AbortSignal): Promise<void> {
    const { resolutionMs, maxKeptBack } = this.#options;
    const points = this.#storablePoints(slice);
    if (resolutionMs === 0) {
      await this.#send(points, signal);
      return;
    }
    for (const point of points) {
      this.#keepBack(point);
    }
    if (this.#keptBack >= maxKeptBack) {
      await this.#flush(signal);
    }
  }

  async finish(signal: AbortSignal): Promise<Tally> {
    await this.#flush(signal);
    return this.#tally;
  }

  #storablePoints({ groups, timestampsMs, valueBits }: Slice): SeriesPoint[] {
    const { resolutionMs } = this.#options;
    const values = new Float64Array(valueBits.buffer, valueBits.byteOffset, valueBits.length);
    const points: SeriesPoint[] = [];
    for (const { series, tenant, positions } of groups) {
      for (const position of positions) {
        const sampledAtMs = timestampsMs[position] ?? 0;
        const value = values[position] ?? 0;
        const reason = whyNotStorable(sampledAtMs, value);
        if (reason) {
          this.#tally.skip(tenant, reason, 1);
          continue;
        }
        const storedAtMs = resolutionMs === 0 ? sampledAtMs : sampledAtMs - (sampledAtMs % resolutionMs);
        points.push({ series, tenant, sampledAtMs, storedAtMs, value });
      }
    }
    return points;
  }

  /** Keeps a point unless its bucket has a newer one; a point that it replaces is counted as the older. */
  #keepBack(point: SeriesPoint): void {
    const { series, tenant, storedAtMs, sampledAtMs } = point;
    if (!this.#options.newest.offer(series.id, storedAtMs, sampledAtMs)) {
      this.#tally.skip(tenant, "older_in_bucket", 1);
      return;
    }
    const bucket = this.#buckets.get(storedAtMs) ?? new Map<KnownSeries, SeriesPoint>();
    this.#buckets.set(storedAtMs, bucket);
    if (bucket.has(series)) {
      this.#tally.skip(tenant, "older_in_bucket", 1);
    } else {
      this.#keptBack++;
    }
    bucket.set(series, point);
  }

  /** Sends what was kept back, bucket after bucket: RedisTimeSeries takes samples in order best. */
  async #flush(signal: AbortSignal): Promise<void> {
    const buckets = [...this.#buckets].sort(([a], [b]) => a - b);
    this.#buckets = new Map();
    this.#keptBack = 0;
    for (const [, points] of buckets) {
      await this.#send([...points.values()], signal);
    }
  }

  async #send(points: readonly SeriesPoint[], signal: AbortSignal): Promise<void> {
    const { batchSamples } = this.#options;
    const step = batchSamples * COMMANDS_AT_ONCE;
    for (let start = 0; start < points.length; start += step) {
      signal.throwIfAborted();
      const batches: SeriesPoint[][] = [];
      for (let from = start; from < Math.min(start + step, points.length); from += batchSamples) {
        batches.push(points.slice(from, from + batchSamples));
      }
      const outcomes = await Promise.all(batches.map((batch) => writePoints(this.#options, batch)));
      for (const [i, batch] of batches.entries()) {
        await this.#count(batch, outcomes[i] ?? []);
      }
    }
  }

  async #count(points: readonly SeriesPoint[], outcomes: readonly PointOutcome[]): Promise<void> {
    for (const [i, point] of points.entries()) {
      const outcome = outcomes[i];
      switch (outcome?.kind) {
        case "written":
          this.#tally.write(point.tenant, 1);
          break;
        case "too_old":
          this.#tally.skip(point.tenant, "older_than_retention", 1);
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
}

function refusal({ series, tenant, sampledAtMs, value }: SeriesPoint, detail: string) {
  const bits = new BigUint64Array(new Float64Array([value]).buffer)[0] ?? 0n;
  return { series, tenant, detail, samples: [{ timestampMs: sampledAtMs, bits }] };
}
