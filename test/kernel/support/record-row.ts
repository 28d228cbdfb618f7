import { type Codec, type DecodedWriteRequest, RECORD_ROW, type SeriesTerms } from "../../../services/kernel/codec.ts";

/** What a codec makes of a series of a request at once, in a form that can be compared; undefined where it cannot. */
export function recordRow(codec: Codec, request: DecodedWriteRequest, position: number, terms: SeriesTerms) {
  const made = codec.recordsOf(request, [position], terms);
  const word = (at: number) => made?.rows[at] ?? 0;
  const [start, bytes] = [word(RECORD_ROW.start), word(RECORD_ROW.bytes)];
  if (!made || bytes === 0) {
    return undefined;
  }
  return {
    record: made.bytes.toString("hex", start, start + bytes),
    id: BigInt.asUintN(64, (BigInt(word(RECORD_ROW.id + 1)) << 32n) | BigInt(word(RECORD_ROW.id) >>> 0)),
    labels: word(RECORD_ROW.labels),
    nameBytes: word(RECORD_ROW.nameBytes),
    valueBytes: word(RECORD_ROW.valueBytes),
  };
}
