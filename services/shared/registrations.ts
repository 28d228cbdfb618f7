import type { SeriesId } from "./series.ts";
import { idBytes } from "./series-id.ts";

/** Series to register, as `commit-block.lua` takes them. */
export interface Registrations {
  /** Their ids, 8 bytes each, little-endian. */
  readonly ids: Buffer;
  /** Their records, each behind its length. */
  readonly records: Buffer;
}

/** Bytes of a record's length: u32, little-endian. */
export const RECORD_LENGTH_BYTES = 4;

/** Packs ids and their records (`registry-record.ts`). */
export function packRegistrations(series: Iterable<readonly [id: SeriesId, record: Uint8Array]>): Registrations {
  const pairs = [...series];
  return {
    ids: Buffer.concat(pairs.map(([id]) => idBytes(id))),
    records: Buffer.concat(pairs.map(([, record]) => behindLength(record))),
  };
}

/** A copy of a record behind its length. */
export function behindLength(record: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(RECORD_LENGTH_BYTES + record.length);
  bytes.writeUInt32LE(record.length);
  bytes.set(record, RECORD_LENGTH_BYTES);
  return bytes;
}
