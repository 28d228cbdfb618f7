import { addMetadata, addSample, addSeries, sampleCount } from "./request-rows";

/*
 * Walks a WriteRequest of remote-write 1.0 (`proto/prometheus/remote.proto`):
 *
 *   WriteRequest { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3; }
 *   TimeSeries   { repeated Label labels = 1; repeated Sample samples = 2; repeated Exemplar exemplars = 3;
 *                  repeated Histogram histograms = 4; }
 *   Sample       { double value = 1; int64 timestamp = 2; }
 *
 * Labels are left as bytes. A field that is not among these, labels that do not stand together, and whatever is wrong
 * are refused, and read by the reference codec instead.
 *
 * A field is its tag (the number times 8, and its wire type) and its value. Nothing is read at or after the end of the
 * message that it stands in.
 */

const TIME_SERIES: u32 = 0x0a;
const METADATA: u32 = 0x1a;
const LABEL: u32 = 0x0a;
const SAMPLE: u32 = 0x12;
const EXEMPLAR: u32 = 0x1a;
const HISTOGRAM: u32 = 0x22;
const VALUE: u32 = 0x09;
const TIMESTAMP: u32 = 0x10;

/** Where the value of the length that was read last starts. */
let valueAt: usize = 0;

/** @returns whether the bytes from `at` to `end` are a plain WriteRequest; its rows are added. */
export function walkWriteRequest(at: usize, end: usize): bool {
  while (at < end) {
    const tag = <u32>load<u8>(at);
    const next = readEnd(at + 1, end);
    if (next === 0) {
      return false;
    }
    if (tag === TIME_SERIES) {
      if (!walkTimeSeries(valueAt, next)) {
        return false;
      }
    } else if (tag === METADATA) {
      addMetadata(valueAt, next);
    } else {
      return false;
    }
    at = next;
  }
  return true;
}

function walkTimeSeries(at: usize, end: usize): bool {
  const firstSample = sampleCount;
  let labels = at;
  let labelsEnd = skipShortLabels(at, end);
  at = labelsEnd;
  let histograms: u32 = 0;
  let exemplars: u32 = 0;
  while (at < end) {
    const tag = <u32>load<u8>(at);
    const next = readEnd(at + 1, end);
    if (next === 0) {
      return false;
    }
    if (tag === LABEL) {
      if (at !== labelsEnd) {
        if (labelsEnd !== labels) {
          return false;
        }
        labels = at;
      }
      labelsEnd = next;
    } else if (tag === SAMPLE) {
      if (!readSample(valueAt, next)) {
        return false;
      }
    } else if (tag === EXEMPLAR) {
      exemplars++;
    } else if (tag === HISTOGRAM) {
      histograms++;
    } else {
      return false;
    }
    at = next;
  }
  return addSeries(labels, <u32>(labelsEnd - labels), firstSample, histograms, exemplars);
}

/** Goes past labels of less than 128 bytes, which nearly all are. @returns where the first other field starts, or `end`. */
function skipShortLabels(at: usize, end: usize): usize {
  while (at + 1 < end) {
    const head = <u32>load<u16>(at);
    const next = at + 2 + (head >> 8);
    if ((head & 0x80ff) !== LABEL || next > end) {
      break;
    }
    at = next;
  }
  return at;
}

/** Reads the length of a value. @returns where the value ends, its start in `valueAt`; or 0. */
function readEnd(at: usize, end: usize): usize {
  if (at >= end) {
    return 0;
  }
  let length = <u32>load<u8>(at++);
  if (length >= 0x80) {
    length &= 0x7f;
    let shift: u32 = 7;
    while (true) {
      // A length of 28 bits is more than any body has.
      if (at >= end || shift > 21) {
        return 0;
      }
      const byte = <u32>load<u8>(at++);
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        break;
      }
      shift += 7;
    }
  }
  valueAt = at;
  return <usize>length <= end - at ? at + length : 0;
}

function readSample(at: usize, end: usize): bool {
  let valueBits: u64 = 0;
  let timestamp: i64 = 0;
  while (at < end) {
    const tag = <u32>load<u8>(at++);
    if (tag === VALUE) {
      if (end - at < 8) {
        return false;
      }
      valueBits = load<u64>(at);
      at += 8;
    } else if (tag === TIMESTAMP) {
      let shift: u64 = 0;
      let bits: u64 = 0;
      while (true) {
        // The tenth byte, of negative numbers, has one bit.
        if (at >= end || shift > 63 || (shift === 63 && load<u8>(at) > 1)) {
          return false;
        }
        const byte = <u64>load<u8>(at++);
        bits |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
          break;
        }
        shift += 7;
      }
      timestamp = <i64>bits;
    } else {
      return false;
    }
  }
  return addSample(<f64>timestamp, valueBits);
}
