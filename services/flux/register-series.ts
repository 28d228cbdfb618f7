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
  for (let i = 0; i < series.length; i++) {
    const half = 2 * (series[i] ?? 0);
    ids[2 * i] = known.idHalves[half] ?? 0;
    ids[2 * i + 1] = known.idHalves[half + 1] ?? 0;
  }
  known.copyRecords(series, records);
  if (typeOf) {
    setTypes(records, typeOf);
  }
  return { ids: Buffer.from(ids.buffer), records };
}

function setTypes(records: Buffer, typeOf: TypeOfSeries): void {
  for (let at = 0; at < records.length; ) {
    const start = at + RECORD_LENGTH_BYTES;
    const end = start + records.readUInt32LE(at);
    setRecordType(records.subarray(start), typeOf(records.subarray(start + RECORD_HEADER_BYTES, end)));
    at = end;
  }
}
