import { decodeLabels, encodeLabels } from "./label-bytes.ts";
import type { Label, LabelSet } from "./series.ts";

/*
 * What the registry holds under a series id:
 *   u8 version (1), u8 metric type, label bytes (`label-bytes.ts`)
 * Two records are of the same series when all after the second byte is equal; `commit-block.lua` relies on that, and
 * on type 0 being the unknown one.
 */

const VERSION = 1;
/** Where the label bytes begin in a record. */
export const RECORD_HEADER_BYTES = 2;

/** Metric types by the number that remote-write 1.0 gives them (`MetricMetadata.MetricType`). */
export const METRIC_TYPES = [
  "unknown",
  "counter",
  "gauge",
  "histogram",
  "gaugehistogram",
  "summary",
  "info",
  "stateset",
] as const;
export type MetricType = (typeof METRIC_TYPES)[number];

/** One series as the registry knows it. */
export interface RegistryRecord {
  readonly type: MetricType;
  readonly labels: readonly Label[];
}

/** The registry's bytes for a series. */
export function encodeRecord(labels: LabelSet, type: MetricType): Buffer {
  return recordOf(encodeLabels(labels), type);
}

/** The registry's bytes for a series whose label bytes are there already. */
export function recordOf(labelBytes: Uint8Array, type: MetricType): Buffer {
  const record = Buffer.allocUnsafe(RECORD_HEADER_BYTES + labelBytes.length);
  record[0] = VERSION;
  record[1] = METRIC_TYPES.indexOf(type);
  record.set(labelBytes, RECORD_HEADER_BYTES);
  return record;
}

/**
 * Reads the registry's bytes.
 * @returns the record, or undefined where the bytes are of another version or damaged.
 */
export function decodeRecord(bytes: Uint8Array): RegistryRecord | undefined {
  const type = recordType(bytes);
  const labels = type && decodeLabels(bytes.subarray(RECORD_HEADER_BYTES));
  return type && labels && { type, labels };
}

/** The metric type in a record, or undefined where that is of another version or no record. */
export function recordType(bytes: Uint8Array): MetricType | undefined {
  return bytes[0] === VERSION ? METRIC_TYPES[bytes[1] ?? -1] : undefined;
}

/** Writes another type into a record, which stays that of the same series. */
export function setRecordType(record: Uint8Array, type: MetricType): void {
  record[1] = METRIC_TYPES.indexOf(type);
}

/** The label bytes inside a record. */
export function recordLabelBytes(record: Uint8Array): Uint8Array {
  return record.subarray(RECORD_HEADER_BYTES);
}
