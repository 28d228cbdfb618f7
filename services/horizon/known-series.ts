import { decodeLabels } from "../shared/label-bytes.ts";
import { decodeRecord, recordLabelBytes } from "../shared/registry-record.ts";
import { formatSeriesId, type LabelSet, type SeriesId } from "../shared/series.ts";

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
export interface KnownSeries {
  readonly id: SeriesId;
  /** 16 hexadecimal digits, as in RedisTimeSeries keys. */
  readonly idText: string;
  /** `label-bytes.ts` */
  readonly labelBytes: Uint8Array;
  /** Per namespace; for the skip lists alone to read and write (`skip-lists.ts`). */
  verdicts: readonly SkipVerdict[];
}

/** Makes a series of its registry record, or undefined where the record is damaged or of a newer version. */
export function parseKnownSeries(id: SeriesId, record: Uint8Array): KnownSeries | undefined {
  if (!decodeRecord(record)) {
    return undefined;
  }
  // A copy: the record is a view of whatever Redis sent in one go, which would stay in memory as a whole.
  return { id, idText: formatSeriesId(id), labelBytes: Buffer.from(recordLabelBytes(record)), verdicts: [] };
}

/** The labels of a series, decoded anew at each call. */
export function labelsOf(series: KnownSeries): LabelSet {
  return decodeLabels(series.labelBytes) ?? [];
}
