import type { Redis } from "ioredis";
import { timeSeriesKey } from "../../../shared/buffer-keys.ts";
import { NONE } from "../../id-index.ts";
import { RetryableError } from "../../retryable-error.ts";
import { digestOfLabels, mendSeries } from "./mend-series.ts";
import { packPoints } from "./packed-points.ts";
import type { PointColumns } from "./point-columns.ts";
import { judgeOrThrow, type ReplyVerdict } from "./reply-verdict.ts";
import { type SeriesUpkeep, seriesTtlMs, type UpkeepMarks, type UpkeepTask } from "./series-upkeep.ts";
import type { TimeSeriesShape } from "./timeseries-arguments.ts";
import type { WriteFence } from "./write-fence.ts";

/** Some points of one bucket. */
export interface Points {
  readonly columns: PointColumns;
  /** Which rows of the columns. */
  readonly rows: Int32Array;
  /** What was done to the series of the bucket, by their slots. */
  readonly upkeep: UpkeepMarks;
}

/** What became of a point that was not written. */
export type PointFailure = { kind: "too_old" } | { kind: "refused"; words: string };

/** Which value stays where a series has one of the same time: the `last` to be written, or the `first`. */
export type DuplicateRule = "last" | "first";

export interface TimeSeriesWriterOptions {
  readonly redis: Redis;
  readonly keyPrefix: string;
  readonly shape: TimeSeriesShape;
  readonly upkeep: SeriesUpkeep;
  readonly now: () => number;
}

/** By row. */
type Failures = Map<number, PointFailure>;
/** What was said of points with which something was wrong, by row. */
type Complaints = Map<number, ReplyVerdict>;

/**
 * Sends points to RedisTimeSeries and looks at every element of every reply. Series that are missing are created;
 * those that somebody else has made, or another version, are given our labels and settings.
 * @returns the rows whose points were not written; all others were.
 * @throws RetryableError when the server takes nothing now, and LeaseLostError.
 */
export async function writePoints(
  options: TimeSeriesWriterOptions,
  fence: WriteFence,
  points: Points,
  rule: DuplicateRule,
): Promise<ReadonlyMap<number, PointFailure>> {
  const complaints = await send(options, fence, points, { rule, areNew: false });
  const failures: Failures = new Map();
  const missing: number[] = [];
  const misshapen: number[] = [];
  for (const [row, verdict] of complaints) {
    if (verdict.kind === "no_series") {
      missing.push(row);
    } else if (verdict.kind === "misshapen") {
      misshapen.push(row);
    } else {
      fail(failures, row, verdict);
    }
  }
  if (missing.length + misshapen.length > 0) {
    await mendAndWrite(options, fence, { points, missing, misshapen, rule }, failures);
  }
  return failures;
}

interface Mendable {
  readonly points: Points;
  /** Rows. */
  readonly missing: readonly number[];
  readonly misshapen: readonly number[];
  readonly rule: DuplicateRule;
}

async function mendAndWrite(
  options: TimeSeriesWriterOptions,
  fence: WriteFence,
  { points, missing, misshapen, rule }: Mendable,
  failures: Failures,
): Promise<void> {
  const seriesOf = (rows: readonly number[]) => new Set(rows.map((row) => points.columns.seriesAt(row)));
  const mending = await mendSeries(options, seriesOf(missing), seriesOf(misshapen));
  const saidOf = (row: number) => mending.get(points.columns.seriesAt(row));
  const again: number[] = [];
  for (const row of [...missing, ...misshapen]) {
    const said = saidOf(row);
    if (said?.kind === "refused") {
      failures.set(row, said);
    } else {
      again.push(row);
    }
  }
  const rows = Int32Array.from(again);
  for (const [row, verdict] of await send(options, fence, { ...points, rows }, { rule, areNew: true })) {
    fail(failures, row, verdict, saidOf(row));
  }
}

async function send(
  { keyPrefix, shape, upkeep, now }: TimeSeriesWriterOptions,
  fence: WriteFence,
  points: Points,
  { rule, areNew }: { readonly rule: DuplicateRule /** Series just got their labels. */; readonly areNew: boolean },
): Promise<Complaints> {
  const { columns, rows } = points;
  if (rows.length === 0) {
    return new Map();
  }
  const nowMs = now();
  const due = dueForUpkeep(upkeep, points, nowMs);
  const marks = due.map(
    ({ number, task }) =>
      `${number + 1}:${task === "all" && !areNew ? digestOfLabels(columns.seriesAt(rows[number] ?? NONE)) : ""}`,
  );
  const { ids, times, values } = packPoints(columns, rows);
  const { retentionMs, chunkBytes } = shape;
  const settings = [rule, seriesTtlMs(retentionMs), retentionMs, chunkBytes];
  const keyHead = timeSeriesKey(keyPrefix, "");
  const reply = await fence.run("write-points", [], [...settings, marks.join(" "), keyHead, ids, times, values]);
  const complaints = readComplaints(reply, rows);
  for (const { number } of due) {
    const row = rows[number] ?? 0;
    if (!complaints.has(row)) {
      upkeep.done(points.upkeep, columns.slots[row] ?? 0, columns.halves[2 * row] ?? 0, nowMs);
    }
  }
  return complaints;
}

interface Due {
  /** Of the point, from 0. */
  readonly number: number;
  readonly task: UpkeepTask;
}

/** The points whose series are due for upkeep, one of each series. */
function dueForUpkeep(upkeep: SeriesUpkeep, { columns, rows, upkeep: marks }: Points, nowMs: number): Due[] {
  const due = new Map<number, Due>();
  for (let number = 0; number < rows.length; number++) {
    const slot = columns.slots[rows[number] ?? 0] ?? 0;
    const task = upkeep.due(marks, slot, nowMs);
    if (task && !due.has(slot)) {
      due.set(slot, { number, task });
    }
  }
  return [...due.values()];
}

/** Reads what `write-points.lua` returns. */
function readComplaints(reply: unknown, rows: Int32Array): Complaints {
  const [count, ...wrong]: unknown[] = Array.isArray(reply) ? reply : [];
  if (count !== rows.length) {
    throw new RetryableError(`cannot read the reply of TS.MADD: not ${rows.length} elements`);
  }
  const complaints: Complaints = new Map();
  for (let i = 0; i + 1 < wrong.length; i += 2) {
    const row = rows[Number(wrong[i]) - 1];
    if (row === undefined) {
      throw new RetryableError(`cannot read the reply of TS.MADD: an element ${String(wrong[i])} of ${rows.length}`);
    }
    complaints.set(row, judgeOrThrow(wrong[i + 1]));
  }
  return complaints;
}

/** Notes what became of a point. @param mending what creating or altering the series said just before. */
function fail(failures: Failures, row: number, verdict: ReplyVerdict, mending?: ReplyVerdict): void {
  switch (verdict.kind) {
    case "stored":
      return;
    case "too_old":
    case "refused":
      failures.set(row, verdict);
      return;
    case "misshapen":
      failures.set(row, { kind: "refused", words: verdict.words });
      return;
    case "no_series":
      // A key that is there, and is no series, will never be one.
      if (mending?.kind === "exists") {
        failures.set(row, { kind: "refused", words: "something that is not a time series has its key" });
        return;
      }
      throw new RetryableError("cannot write to RedisTimeSeries: a series was gone as soon as it was created");
    case "exists":
    case "unavailable":
      throw new RetryableError(`cannot write to RedisTimeSeries: unexpected reply (${verdict.kind})`);
  }
}
