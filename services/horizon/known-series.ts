import type { ByteSpace, KeptBytes } from "../shared/byte-space.ts";
import { highHalf, idOfHalves, lowHalf } from "../shared/id-halves.ts";
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

const NO_VERDICTS: readonly SkipVerdict[] = [];

/**
 * A series that the registry knows. There are as many of these in memory as there are active series, so labels stay
 * bytes until somebody asks for them, and the id two numbers of 32 bits, for which V8 makes no objects.
 */
export class KnownSeries implements KeptBytes {
  readonly chunk: Buffer;
  readonly start: number;
  readonly end: number;
  /** The halves of its id, as an Int32Array has them. */
  readonly idLow: number;
  readonly idHigh: number;
  /** Per namespace; for the skip lists alone to read and write (`skip-lists.ts`). */
  verdicts = NO_VERDICTS;

  /** @param labels where the labels are, as the wire has them. */
  constructor(id: SeriesId, { chunk, start, end }: KeptBytes) {
    this.chunk = chunk;
    this.start = start;
    this.end = end;
    this.idLow = lowHalf(id);
    this.idHigh = highHalf(id);
  }

  /** Made anew at each call. */
  get id(): SeriesId {
    return idOfHalves(this.idLow, this.idHigh);
  }

  /** 16 hexadecimal digits, as in RedisTimeSeries keys. */
  get idText(): string {
    return formatSeriesId(this.id);
  }
}

/** The labels in a registry record as the wire has them, or undefined where it is damaged or of a newer version. */
export function recordWireLabels(record: Uint8Array): Buffer | undefined {
  return recordType(record) && toWireLabels(recordLabelBytes(record));
}

/** Makes a series. @param wireLabels its labels, of which a copy is kept. */
export function createKnownSeries(id: SeriesId, wireLabels: Uint8Array, space: ByteSpace): KnownSeries {
  return new KnownSeries(id, space.keep(wireLabels));
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
