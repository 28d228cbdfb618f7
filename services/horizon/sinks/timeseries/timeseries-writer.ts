import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { timeSeriesKey } from "../../../shared/buffer-keys.ts";
import { type KnownSeries, labelsOf } from "../../known-series.ts";
import { RetryableError } from "../../retryable-error.ts";
import { packPoints } from "./packed-points.ts";
import { judgeReply, type ReplyVerdict } from "./reply-verdict.ts";
import { type SeriesUpkeep, seriesTtlMs, type UpkeepTask } from "./series-upkeep.ts";
import { createArguments, labelWords, type TimeSeriesShape } from "./timeseries-arguments.ts";
import { orRetryable, type WriteFence } from "./write-fence.ts";

/** A sample for one series. */
export interface SeriesPoint {
  readonly series: KnownSeries;
  readonly tenant: string;
  readonly namespace: string;
  /** When the sample was taken. */
  readonly sampledAtMs: number;
  /** When RedisTimeSeries is to believe it was taken. */
  readonly storedAtMs: number;
  readonly value: number;
  /** Its series' place in the list of the bucket; for the delivery alone to read and write. */
  slot: number;
}

/** What became of a point. */
export type PointOutcome = { kind: "written" } | { kind: "too_old" } | { kind: "refused"; words: string };

/** Which value stays where a series has one of the same time: the `last` to be written, or the `first`. */
export type DuplicateRule = "last" | "first";

export interface TimeSeriesWriterOptions {
  readonly redis: Redis;
  readonly keyPrefix: string;
  readonly shape: TimeSeriesShape;
  readonly upkeep: SeriesUpkeep;
  readonly now: () => number;
}

type Points = readonly SeriesPoint[];

const STORED: ReplyVerdict = { kind: "stored" };
const WRITTEN: PointOutcome = { kind: "written" };

/**
 * Sends points to RedisTimeSeries and looks at every element of every reply. Series that are missing are created;
 * those that somebody else has made, or another version, are given our labels and settings.
 * @returns an outcome for each point, in their order.
 * @throws RetryableError when the server takes nothing now, and LeaseLostError.
 */
export async function writePoints(
  options: TimeSeriesWriterOptions,
  fence: WriteFence,
  points: Points,
  rule: DuplicateRule,
): Promise<PointOutcome[]> {
  const verdicts = await send(options, fence, points, { rule, areNew: false });
  if (verdicts.every((verdict) => verdict === STORED)) {
    return points.map(() => WRITTEN);
  }
  const missing = points.filter((_, i) => verdicts[i]?.kind === "no_series");
  const misshapen = points.filter((_, i) => verdicts[i]?.kind === "misshapen");
  const mended =
    missing.length + misshapen.length > 0
      ? await mendAndWrite(options, fence, { missing, misshapen }, rule)
      : new Map<SeriesPoint, PointOutcome>();
  return points.map((point, i) => mended.get(point) ?? outcomeOf(verdicts[i]));
}

async function mendAndWrite(
  options: TimeSeriesWriterOptions,
  fence: WriteFence,
  { missing, misshapen }: { missing: Points; misshapen: Points },
  rule: DuplicateRule,
): Promise<Map<SeriesPoint, PointOutcome>> {
  const mending = await mend(options, seriesOf(missing), seriesOf(misshapen));
  const outcomes = new Map<SeriesPoint, PointOutcome>();
  const again: SeriesPoint[] = [];
  for (const point of [...missing, ...misshapen]) {
    const said = mending.get(point.series);
    if (said?.kind === "refused") {
      outcomes.set(point, said);
    } else {
      again.push(point);
    }
  }
  const verdicts = await send(options, fence, again, { rule, areNew: true });
  for (const [i, point] of again.entries()) {
    outcomes.set(point, outcomeOf(verdicts[i], mending.get(point.series)));
  }
  return outcomes;
}

async function send(
  { keyPrefix, shape, upkeep, now }: TimeSeriesWriterOptions,
  fence: WriteFence,
  points: Points,
  { rule, areNew }: { readonly rule: DuplicateRule /** Series just got their labels. */; readonly areNew: boolean },
): Promise<ReplyVerdict[]> {
  if (points.length === 0) {
    return [];
  }
  const nowMs = now();
  const due = new Map<KnownSeries, { number: number; task: UpkeepTask }>();
  for (const [i, { series }] of points.entries()) {
    const task = upkeep.due(series, nowMs);
    if (task && !due.has(series)) {
      due.set(series, { number: i + 1, task: areNew ? "expiry" : task });
    }
  }
  const packed = packPoints(Buffer.from(timeSeriesKey(keyPrefix, "")), points);
  const { retentionMs, chunkBytes } = shape;
  const marks = [...due].map(
    ([series, { number, task }]) => `${number}:${task === "all" ? digestOfLabels(series) : ""}`,
  );
  const head = [rule, seriesTtlMs(retentionMs), retentionMs, chunkBytes, marks.join(" ")];
  const verdicts = readVerdicts(await fence.run("write-points", [], [...head, packed]), points.length);
  for (const [series, { number }] of due) {
    if (verdicts[number - 1]?.kind === "stored") {
      upkeep.done(series, nowMs);
    }
  }
  return verdicts;
}

/** Reads what `write-points.lua` returns. */
function readVerdicts(reply: unknown, points: number): ReplyVerdict[] {
  const [count, ...wrong]: unknown[] = Array.isArray(reply) ? reply : [];
  if (count !== points) {
    throw new RetryableError(`cannot read the reply of TS.MADD: not ${points} elements`);
  }
  const verdicts = new Array<ReplyVerdict>(points).fill(STORED);
  for (let i = 0; i + 1 < wrong.length; i += 2) {
    verdicts[Number(wrong[i]) - 1] = judgeOrThrow(wrong[i + 1]);
  }
  return verdicts;
}

/** Creates series, and gives our settings and labels to others. @returns what the module said to each. */
async function mend(
  { redis, keyPrefix, shape }: TimeSeriesWriterOptions,
  missing: readonly KnownSeries[],
  misshapen: readonly KnownSeries[],
): Promise<Map<KnownSeries, ReplyVerdict>> {
  const pipeline = redis.pipeline();
  const run = (command: string, series: KnownSeries) => {
    pipeline.call(command, ...createArguments(timeSeriesKey(keyPrefix, series.idText), labelsOf(series), shape));
  };
  for (const series of missing) {
    run("TS.CREATE", series);
  }
  for (const series of misshapen) {
    run("TS.ALTER", series);
  }
  const replies = (await orRetryable(pipeline.exec())) ?? [];
  return new Map(
    [...missing, ...misshapen].map((series, i) => [series, judgeOrThrow(replies[i]?.[0] ?? replies[i]?.[1])]),
  );
}

/** As `write-points.lua` makes it. */
function digestOfLabels(series: KnownSeries): string {
  return createHash("sha1")
    .update(labelWords(labelsOf(series)).join("\n"))
    .digest("hex");
}

function seriesOf(points: Points): KnownSeries[] {
  return [...new Set(points.map(({ series }) => series))];
}

function judgeOrThrow(reply: unknown): ReplyVerdict {
  const verdict = judgeReply(reply);
  if (verdict.kind === "unavailable") {
    throw new RetryableError(`cannot write to RedisTimeSeries: ${verdict.words}`);
  }
  return verdict;
}

/** @param mending what creating or altering the series said just before. */
function outcomeOf(verdict: ReplyVerdict | undefined, mending?: ReplyVerdict): PointOutcome {
  switch (verdict?.kind) {
    case "stored":
      return WRITTEN;
    case "too_old":
    case "refused":
      return verdict;
    case "misshapen":
      return { kind: "refused", words: verdict.words };
    case "no_series":
      // A key that is there, and is no series, will never be one.
      if (mending?.kind === "exists") {
        return { kind: "refused", words: "something that is not a time series has its key" };
      }
      throw new RetryableError("cannot write to RedisTimeSeries: a series was gone as soon as it was created");
    case "exists":
    case "unavailable":
    case undefined:
      throw new RetryableError(`cannot write to RedisTimeSeries: unexpected reply (${verdict?.kind})`);
  }
}
