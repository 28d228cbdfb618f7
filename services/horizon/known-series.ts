import type { ByteSpace, KeptBytes } from "../shared/byte-space.ts";
import { decodeLabels } from "../shared/label-bytes.ts";
import { recordLabelBytes, recordType } from "../shared/registry-record.ts";
import { formatSeriesId, type LabelSet, type SeriesId } from "../shared/series.ts";
import { fromWireLabels, toWireLabels } from "./wire-labels.ts";

/** What a pair of skip lists said about a series. */
export interface SkipVerdict {
  /** The pair, by identity: after a reload it is another. */
  readonly lists: object;
  readonly namespace: string;
  /** The entry that skips the series, or undefined. */
  readonly skippedBy: string | undefined;
}

/**
 * A series that the registry knows. There are as many of these in memory as there are active series, so labels stay
 * bytes until somebody asks for them.
 */
export interface KnownSeries extends KeptBytes {
  readonly id: SeriesId;
  /** 16 hexadecimal digits, as in RedisTimeSeries keys. */
  readonly idText: string;
  /** Per namespace; for the skip lists alone to read and write (`skip-lists.ts`). */
  verdicts: readonly SkipVerdict[];
}

const NO_VERDICTS: readonly SkipVerdict[] = [];

/** The labels in a registry record as the wire has them, or undefined where it is damaged or of a newer version. */
export function recordWireLabels(record: Uint8Array): Buffer | undefined {
  return recordType(record) && toWireLabels(recordLabelBytes(record));
}

/** Makes a series. @param wireLabels its labels, of which a copy is kept. */
export function createKnownSeries(id: SeriesId, wireLabels: Uint8Array, space: ByteSpace): KnownSeries {
  const { chunk, start, end } = space.keep(wireLabels);
  return { id, idText: formatSeriesId(id), chunk, start, end, verdicts: NO_VERDICTS };
}

/** The labels of a series as the wire has them (`wire-labels.ts`). */
export function wireLabelsOf({ chunk, start, end }: KeptBytes): Uint8Array {
  return chunk.subarray(start, end);
}

/** The labels of a series as the registry has them, made anew at each call. */
export function labelBytesOf(series: KnownSeries): Buffer {
  return fromWireLabels(wireLabelsOf(series));
}

/** The labels of a series, decoded anew at each call. */
export function labelsOf(series: KnownSeries): LabelSet {
  return decodeLabels(labelBytesOf(series)) ?? [];
}
