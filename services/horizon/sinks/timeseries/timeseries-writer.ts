import type { Redis } from "ioredis";
import { timeSeriesKey } from "../../../shared/buffer-keys.ts";
import { type KnownSeries, labelsOf } from "../../known-series.ts";
import { RetryableError } from "../../retryable-error.ts";
import { judgeReply, type ReplyVerdict } from "./reply-verdict.ts";
import { createArguments, maddArguments, type TimeSeriesShape } from "./timeseries-arguments.ts";

/** A sample for one series. */
export interface SeriesPoint {
  readonly series: KnownSeries;
  readonly tenant: string;
  /** When the sample was taken. */
  readonly sampledAtMs: number;
  /** When RedisTimeSeries is to believe it was taken. */
  readonly storedAtMs: number;
  readonly value: number;
}

/** What became of a point. */
export type PointOutcome = { kind: "written" } | { kind: "too_old" } | { kind: "refused"; words: string };

export interface TimeSeriesWriterOptions {
  readonly redis: Redis;
  readonly keyPrefix: string;
  readonly shape: TimeSeriesShape;
}

/**
 * Sends points to RedisTimeSeries and looks at every element of every reply.
 * @returns an outcome for each point, in their order.
 * @throws RetryableError when the server takes nothing now.
 */
export async function writePoints(
  options: TimeSeriesWriterOptions,
  points: readonly SeriesPoint[],
): Promise<PointOutcome[]> {
  const verdicts = await madd(options, points);
  const homeless = points.filter((_, i) => verdicts[i]?.kind === "no_series");
  const second = homeless.length > 0 ? await createAndWrite(options, homeless) : new Map<SeriesPoint, PointOutcome>();
  return points.map((point, i) => second.get(point) ?? outcomeOf(verdicts[i] ?? { kind: "stored" }));
}

async function createAndWrite(
  options: TimeSeriesWriterOptions,
  points: readonly SeriesPoint[],
): Promise<Map<SeriesPoint, PointOutcome>> {
  const creations = await create(options, [...new Set(points.map(({ series }) => series))]);
  const outcomes = new Map<SeriesPoint, PointOutcome>();
  const again: SeriesPoint[] = [];
  for (const point of points) {
    const creation = creations.get(point.series);
    if (creation?.kind === "refused") {
      outcomes.set(point, creation);
    } else {
      again.push(point);
    }
  }
  const verdicts = await madd(options, again);
  for (const [i, point] of again.entries()) {
    const verdict = verdicts[i] ?? { kind: "stored" };
    outcomes.set(point, outcomeOf(verdict, creations.get(point.series)));
  }
  return outcomes;
}

async function madd(
  { redis, keyPrefix }: TimeSeriesWriterOptions,
  points: readonly SeriesPoint[],
): Promise<ReplyVerdict[]> {
  if (points.length === 0) {
    return [];
  }
  const args = maddArguments(
    points.map(({ series, storedAtMs, value }) => ({
      key: timeSeriesKey(keyPrefix, series.idText),
      timestampMs: storedAtMs,
      value,
    })),
  );
  const replies = await orRetryable(redis.call("TS.MADD", ...args));
  if (!Array.isArray(replies) || replies.length !== points.length) {
    throw new RetryableError(`cannot read the reply of TS.MADD: not ${points.length} elements`);
  }
  return replies.map(judgeOrThrow);
}

async function create(
  { redis, keyPrefix, shape }: TimeSeriesWriterOptions,
  series: readonly KnownSeries[],
): Promise<Map<KnownSeries, ReplyVerdict>> {
  const pipeline = redis.pipeline();
  for (const one of series) {
    pipeline.call("TS.CREATE", ...createArguments(timeSeriesKey(keyPrefix, one.idText), labelsOf(one), shape));
  }
  const replies = (await orRetryable(pipeline.exec())) ?? [];
  return new Map(series.map((one, i) => [one, judgeOrThrow(replies[i]?.[0] ?? replies[i]?.[1])]));
}

function judgeOrThrow(reply: unknown): ReplyVerdict {
  const verdict = judgeReply(reply);
  if (verdict.kind === "unavailable") {
    throw new RetryableError(`cannot write to RedisTimeSeries: ${verdict.words}`);
  }
  return verdict;
}

/** @param creation what TS.CREATE said just before: a key that is there, and is no series, will never be one. */
function outcomeOf(verdict: ReplyVerdict, creation?: ReplyVerdict): PointOutcome {
  switch (verdict.kind) {
    case "stored":
      return { kind: "written" };
    case "too_old":
    case "refused":
      return verdict;
    case "no_series":
      if (creation?.kind === "exists") {
        return { kind: "refused", words: "something that is not a time series has its key" };
      }
      throw new RetryableError("cannot write to RedisTimeSeries: a series was gone as soon as it was created");
    case "exists":
    case "unavailable":
      throw new RetryableError(`cannot write to RedisTimeSeries: unexpected reply (${verdict.kind})`);
  }
}

async function orRetryable<Reply>(reply: Promise<Reply>): Promise<Reply> {
  try {
    return await reply;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new RetryableError(`cannot write to RedisTimeSeries: ${words}`, { cause: error });
  }
}
