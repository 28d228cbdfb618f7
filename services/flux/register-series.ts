import { RECORD_LENGTH_BYTES, type Registrations } from "../shared/registrations.ts";
import { type MetricType, RECORD_HEADER_BYTES, setRecordType } from "../shared/registry-record.ts";
import type { KnownSeries } from "./intake/known-series.ts";

/** Tells of which type a series is, from its label bytes. */
export type TypeOfSeries = (labelBytes: Uint8Array) => MetricType;

/**
 * Packs known series for the registry, with the ids that they have now and the types that are known now: a type may
 * become known, or another, at any time.
 * @param typeOf undefined where no type is known. Pure.
 */
export function registrationsOf(
  known: KnownSeries,
  series: readonly number[],
  typeOf: TypeOfSeries | undefined,
): Registrations {
  const ids = new Int32Array(2 * series.length);
  const records = Buffer.allocUnsafe(
    series.reduce((sum, one) => sum + RECORD_LENGTH_BYTES + known.recordBytesOf(one), 0),
  );
  let at = 0;
  for (const [i, one] of series.entries()) {
    ids[2 * i] = known.idHalves[2 * one] ?? 0;
    ids[2 * i + 1] = known.idHalves[2 * one + 1] ?? 0;
    const bytes = known.recordBytesOf(one);
    at = records.writeUInt32LE(bytes, at);
    known.copyRecord(one, records, at);
    if (typeOf) {
      setRecordType(records.subarray(at), typeOf(records.subarray(at + RECORD_HEADER_BYTES, at + bytes)));
    }
    at += bytes;
  }
  return { ids: Buffer.from(ids.buffer), records };
}
