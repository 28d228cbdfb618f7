import type { DecodedWriteRequest } from "../kernel/codec.ts";

/*
 * Measured with node 20 as growth of the heap and of array buffers, rounded up. The rows of a request are kept until
 * Redis has confirmed them, in several forms.
 */

/** A series: its entry, and what is noted about it where it is refused. */
const BYTES_PER_SERIES = 200;
/** A sample: as decoded, as kept, and in the block on its way to Redis. */
const BYTES_PER_SAMPLE = 120;
/** Label bytes as decoded, and as registered where the series is new. */
const LABEL_COPIES = 2;
/** An entry of metadata without its texts, as decoded and as a record on its way to Redis; each text character is held thrice. */
const BYTES_PER_METADATA = 600;
const METADATA_TEXT_COPIES = 3;

/** Bytes of memory that a decoded request takes until it is answered. Pure. */
export function decodedBytes(request: Omit<DecodedWriteRequest, "valueBits" | "unreadMetadata">): number {
  const { labelBytes, timestampsMs } = request;
  // Some codecs make objects of the series when they are asked for.
  const series = request.hasOneSampleEach ? timestampsMs.length : request.series.length;
  let metadataBytes = 0;
  for (const { familyName, help, unit } of request.metadata) {
    metadataBytes += BYTES_PER_METADATA + METADATA_TEXT_COPIES * (familyName.length + help.length + unit.length);
  }
  return metadataBytes + LABEL_COPIES * labelBytes + BYTES_PER_SERIES * series + BYTES_PER_SAMPLE * timestampsMs.length;
}
