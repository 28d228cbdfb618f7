import { decodeLabels, encodeLabels } from "./label-bytes.ts";
import { METRIC_TYPES, type MetricType } from "./registry-record.ts";

/*
 * What Redis holds under the name of a metric family:
 *   u8 version (1), u32 hour since 1970 in which it was written, u8 metric type, help and unit, both with their length
 *   before them (a pair as in `label-bytes.ts`)
 * Two records say the same when all from the type on is equal.
 */

const VERSION = 1;
const HOUR_AT = 1;
const CONTENT_AT = 5;
const TEXTS_AT = 6;

/** What is known of a metric family. */
export interface MetadataRecord {
  readonly type: MetricType;
  readonly help: string;
  readonly unit: string;
  /** When it was written last, in hours since 1970 (`generationAt`). */
  readonly writtenHour: number;
}

/** The bytes of a record. */
export function encodeMetadata({ type, help, unit, writtenHour }: MetadataRecord): Buffer {
  const head = Buffer.alloc(TEXTS_AT);
  head.writeUInt8(VERSION);
  head.writeUInt32LE(writtenHour, HOUR_AT);
  head.writeUInt8(METRIC_TYPES.indexOf(type), CONTENT_AT);
  return Buffer.concat([head, encodeLabels([{ name: help, value: unit }])]);
}

/**
 * Reads what `encodeMetadata` wrote.
 * @returns the record, or undefined where the bytes are of another version or damaged.
 */
export function decodeMetadata(bytes: Buffer): MetadataRecord | undefined {
  const type = METRIC_TYPES[bytes[CONTENT_AT] ?? -1];
  if (bytes[0] !== VERSION || type === undefined) {
    return undefined;
  }
  const [texts, ...others] = decodeLabels(bytes.subarray(TEXTS_AT)) ?? [];
  return texts && others.length === 0
    ? { type, help: texts.name, unit: texts.value, writtenHour: bytes.readUInt32LE(HOUR_AT) }
    : undefined;
}

/** The part of a record that tells whether two of them say the same. */
export function metadataContent(record: Buffer): Buffer {
  return record.subarray(CONTENT_AT);
}
