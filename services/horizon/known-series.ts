import type { KeptBytes } from "../shared/byte-space.ts";
import { idOfHalves } from "../shared/id-halves.ts";
import { decodeLabels } from "../shared/label-bytes.ts";
import { recordLabelBytes, recordType } from "../shared/registry-record.ts";
import { formatSeriesId, type LabelSet, type SeriesId } from "../shared/series.ts";
import { fromWireLabels, toWireLabels } from "./wire-labels.ts";

/** One of the series of a table (`series-table.ts`), as an object made for the occasion. */
export class KnownSeries implements KeptBytes {
  readonly chunk: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** The halves of its id, as an Int32Array has them. */
  readonly idLow: number;
  readonly idHigh: number;

  /** @param labels where the labels are, as the wire has them. */
  constructor(idLow: number, idHigh: number, { chunk, start, end }: KeptBytes) {
    this.chunk = chunk;
    this.start = start;
    this.end = end;
    this.idLow = idLow;
    this.idHigh = idHigh;
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
