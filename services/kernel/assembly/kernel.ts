import { prepareCrc32c } from "./crc32c";
import { NOT_PLAIN, NOT_SNAPPY, READ } from "./faults";
import { GrowingSpace } from "./growing-space";
import { clearRows } from "./request-rows";
import { expandElements, SLACK } from "./snappy";
import { prepareTailMasks } from "./tail-mask";
import { walkWriteRequest } from "./write-request";

export { blockBytes, columnsAt, writeBlock } from "./block";
export { largestPower, powersAt } from "./decimal";
export { hashKeyAt, hashKeyBytes } from "./fingerprint";
export {
  addOther,
  closeLines,
  headAt,
  lineNumber,
  openLines,
  roomForLabels,
  skippedStrings,
  walkLines,
} from "./line-walk";
export {
  hasOneSampleEach,
  labelBytes,
  metadataAt,
  metadataCount,
  sampleCount,
  seriesCount,
  seriesRow,
  timesAt,
  valuesAt,
} from "./request-rows";
export { forgetAll, numberAll, numberOne, turnHalves } from "./series-index";

export { makeRecords, ownerAt, recordRowsAt, recordsAt, ruledAt, sentAt, wantedAt } from "./stored-labels";

const input = new GrowingSpace();
const expanded = new GrowingSpace();

prepareCrc32c();
prepareTailMasks();

/** Where the host writes what it hands over, so many bytes at most: a body, or labels. */
export function inputAt(bytes: u32): usize {
  return input.ensure(<usize>bytes + SLACK);
}

/** Where the expanded bytes of the request at hand start. */
export function expandedAt(): usize {
  return expanded.start;
}

/**
 * Expands the elements of a snappy block, and walks the WriteRequest that they hold: the request at hand, until the
 * next one is read.
 * @param start of the elements, counted from `inputAt`. @param end of the block. @param bytes that it declares.
 */
export function readRequest(start: u32, end: u32, bytes: u32): u32 {
  const out = expanded.ensure(<usize>bytes + SLACK);
  clearRows(bytes);
  if (!expandElements(input.start + start, input.start + end, out, out + bytes)) {
    return NOT_SNAPPY;
  }
  return walkWriteRequest(out, out + bytes) ? READ : NOT_PLAIN;
}
