import type { Redis } from "ioredis";
import { timeSeriesKey } from "../../../shared/buffer-keys.ts";
import { NONE } from "../../id-index.ts";
import { labelBytesOf } from "../../known-series.ts";
import { RetryableError } from "../../retryable-error.ts";
import { mendSeries } from "./mend-series.ts";
import { packPoints } from "./packed-points.ts";
import type { PointColumns } from "./point-columns.ts";
import { type Complaint, readComplaints } from "./reply-verdict.ts";
import { type SeriesUpkeep, seriesTtlMs, type UpkeepMarks, type UpkeepTask } from "./series-upkeep.ts";
import { digestOfLabels } from "./stored-words.ts";
import type { TimeSeriesShape } from "./timeseries-shape.ts";
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
/** By row. */
type Complaints = Map<number, Complaint>;

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
  for (const [row, complaint] of complaints) {
    if (complaint.kind === "no_series") {
      missing.push(row);
    } else if (complaint.kind === "misshapen") {
      misshapen.push(row);
    } else {
      fail(failures, row, complaint);
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
  const { table, numbers } = points.columns;
  const seriesOf = (rows: readonly number[]) => new Set(rows.map((row) => numbers[row] ?? NONE));
  const [ofMissing, ofMisshapen] = await Promise.all([
    mendSeries(options, fence, "TS.CREATE", table, seriesOf(missing)),
    mendSeries(options, fence, "TS.ALTER", table, seriesOf(misshapen)),
  ]);
  const saidOf = (row: number) => {
    const number = numbers[row] ?? NONE;
    return ofMissing.get(number) ?? ofMisshapen.get(number);
  };
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
  for (const [row, complaint] of await send(options, fence, { ...points, rows }, { rule, areNew: true })) {
    fail(failures, row, complaint, saidOf(row));
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
      `${number + 1}:${task === "all" && !areNew ? digestOfLabels(labelBytesOf(columns.seriesAt(rows[number] ?? NONE))) : ""}`,
  );
  const { ids, times, values } = packPoints(columns, rows);
  const { retentionMs, chunkBytes } = shape;
  const settings = [rule, seriesTtlMs(retentionMs), retentionMs, chunkBytes];
  const keyHead = timeSeriesKey(keyPrefix, "");
  const reply = await fence.run("write-points", [], [...settings, marks.join(" "), keyHead, ids, times, values]);
  const complaints: Complaints = new Map();
  for (const [number, complaint] of readComplaints(reply, rows.length)) {
    complaints.set(rows[number] ?? NONE, complaint);
  }
  for (const { number } of due) {
    const row = rows[number] ?? 0;
    if (!complaints.has(row)) {
      const idLow = columns.table.halves[2 * (columns.numbers[row] ?? 0)] ?? 0;
      upkeep.done(points.upkeep, columns.slots[row] ?? 0, idLow, nowMs);
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

/** Notes what became of a point. @param mending what creating or altering the series said just before. */
function fail(failures: Failures, row: number, complaint: Complaint, mending?: Complaint): void {
  switch (complaint.kind) {
    case "too_old":
    case "refused":
      failures.set(row, complaint);
      return;
    case "misshapen":
      failures.set(row, { kind: "refused", words: complaint.words });
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
      throw new RetryableError(`cannot write to RedisTimeSeries: unexpected reply (${complaint.kind})`);
  }
}
