import type { Redis } from "ioredis";
import type { ShardKeys } from "../../../shared/buffer-keys.ts";
import type { RunScript } from "../../../shared/redis-scripts/run-script.ts";
import { NONE } from "../../id-index.ts";
import { NewestSamples } from "./newest-samples.ts";
import { SeriesSlots, STAMP_BYTES } from "./series-slots.ts";
import type { UpkeepMarks } from "./series-upkeep.ts";
import { orRetryable, type WriteFence } from "./write-fence.ts";

/** How long series keep their slots. Each such generation has a list of its own, so that series that are gone go. */
const GENERATION_MS = 6 * 3_600_000;
/** Lists of slots that are remembered of a shard: samples of two generations come in turns while one becomes the next. */
const LISTS_PER_SHARD = 2;
const VERSION = 1;
const HEADER_BYTES = 1 + STAMP_BYTES;

/** One bucket, or window of time, and what stands in it. */
export interface OpenBucket {
  readonly startMs: number;
  readonly newest: NewestSamples;
  /** The list of slots that `newest` goes by, and the slots of the series that were asked for, in their order. */
  readonly list: Pick<SeriesSlots, "stamp" | "count">;
  readonly slots: Int32Array;
  /** What was done to the series of the list. */
  readonly upkeep: UpkeepMarks;
}

export interface BucketRecordsOptions {
  readonly redis: Redis;
  readonly runScript: RunScript;
  /** Of the buckets, 0 where every sample is kept; records of one resolution say nothing about another. */
  readonly resolutionMs: number;
  /** How many shards there are. */
  readonly shards: number;
  /** How long a series is kept that gets no more samples; what stands in its buckets is known as long. */
  readonly seriesTtlMs: number;
  readonly now: () => number;
}

/**
 * Keeps in Redis, bucket by bucket, which samples stand there: u8 version, the stamp of the list of slots, then
 * `newest-samples.ts`. Nothing of it is remembered here, so it does not matter who worked the shard before.
 *
 * The record is saved after the samples have been written, and before their claim is confirmed. If it is not, the
 * claim is delivered again. Until then a bucket may hold a newer sample than its record says, and an older one of
 * another claim may take its place; the newer one comes again and takes it back, because records never say too much.
 */
export class BucketRecords {
  readonly #options: BucketRecordsOptions;
  /** By their keys, the one used last at the end. */
  readonly #lists = new Map<string, SeriesSlots>();

  constructor(options: BucketRecordsOptions) {
    this.#options = options;
  }

  /** Reads what stands in a bucket. Afterwards all these series have slots. @throws RetryableError */
  async open(keys: ShardKeys, startMs: number, ids: BigUint64Array): Promise<OpenBucket> {
    const { redis, resolutionMs } = this.#options;
    const generation = Math.floor(startMs / GENERATION_MS);
    const list = this.#list(keys.timeSeriesSlots(generation));
    const slots = await orRetryable(list.assign(ids, this.#ttlMs((generation + 1) * GENERATION_MS)));
    const bytes = await orRetryable(redis.getBuffer(keys.timeSeriesNewest(resolutionMs, startMs)));
    const newest = (bytes && decode(bytes, list)) ?? new NewestSamples();
    newest.reserve(1 + slots.reduce((last, slot) => Math.max(last, slot), NONE));
    return { startMs, list, slots, newest, upkeep: list.upkeep };
  }

  /** Writes down what stands in a bucket now. @throws RetryableError, and LeaseLostError */
  async save(fence: WriteFence, keys: ShardKeys, { startMs, list, newest }: OpenBucket): Promise<void> {
    const { resolutionMs } = this.#options;
    const bytes = Buffer.concat([Buffer.of(VERSION), list.stamp, newest.encode()]);
    await fence.run("save-newest", [keys.timeSeriesNewest(resolutionMs, startMs)], [bytes, this.#ttlMs(startMs)]);
  }

  /** What is known of a time is kept as long as a series may hold a sample of it. */
  #ttlMs(untilMs: number): number {
    const { seriesTtlMs, now } = this.#options;
    return seriesTtlMs + Math.max(0, untilMs - now());
  }

  #list(key: string): SeriesSlots {
    const { redis, runScript } = this.#options;
    const list = this.#lists.get(key) ?? new SeriesSlots(redis, runScript, key);
    this.#lists.delete(key);
    this.#lists.set(key, list);
    const [oldest] = this.#lists.keys();
    if (this.#lists.size > LISTS_PER_SHARD * this.#options.shards && oldest !== undefined) {
      this.#lists.delete(oldest);
    }
    return list;
  }
}

/** A record of another version, or made with a list of slots that has been lost, says nothing. */
function decode(bytes: Buffer, list: Pick<SeriesSlots, "stamp" | "count">): NewestSamples | undefined {
  return bytes[0] === VERSION && list.stamp.equals(bytes.subarray(1, HEADER_BYTES))
    ? NewestSamples.decode(bytes.subarray(HEADER_BYTES), list.count)
    : undefined;
}
