import { endOf, LABEL, labelsEndOf, putSeries, skipLabels, startOf, TOGETHER } from "./label-skip";
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
const SAMPLE: u32 = 0x12;
const EXEMPLAR: u32 = 0x1a;
const HISTOGRAM: u32 = 0x22;
const VALUE: u32 = 0x09;
const TIMESTAMP: u32 = 0x10;

/**
 * A sample as it nearly always is: tag, length, tag of the value, value, tag of the timestamp, and a timestamp of six bytes,
 * which are those from 1971 to 2109.
 */
const USUAL_SAMPLE_BYTES: usize = 18;
const USUAL_SAMPLE_HEAD: u32 = (VALUE << 16) | (16 << 8) | SAMPLE;
const VALUE_AT: usize = 3;
const TIMESTAMP_TAG_AT: usize = 11;
const TIMESTAMP_AT: usize = 12;
/** In a varint of six bytes: which bits say that it goes on, and how they are then; which are its own. */
const GOES_ON_MASK: u64 = 0x8080_8080_8080;
const GOES_ON: u64 = 0x0080_8080_8080;
const VARINT_MASK: u64 = 0x7f7f_7f7f_7f7f;

/** Where the value of the length that was read last starts. */
let valueAt: usize = 0;

/** @returns whether the bytes from `at` to `end` are a plain WriteRequest; its rows are added. */
export function walkWriteRequest(at: usize, end: usize): bool {
  let waiting: u32 = 0;
  while (at < end) {
    const tag = <u32>load<u8>(at);
    const next = readEnd(at + 1, end);
    if (next === 0) {
      return false;
    }
    if (tag === TIME_SERIES) {
      putSeries(waiting++, valueAt, next);
      if (waiting === TOGETHER) {
        waiting = 0;
        if (!walkTogether(TOGETHER)) {
          return false;
        }
      }
    } else if (tag === METADATA) {
      addMetadata(valueAt, next);
    } else {
      return false;
    }
    at = next;
  }
  for (let number = waiting; number < TOGETHER; number++) {
    putSeries(number, end, end);
  }
  return walkTogether(waiting);
}

/** Walks the series that were put, so many of them. */
function walkTogether(count: u32): bool {
  skipLabels();
  for (let number: u32 = 0; number < count; number++) {
    if (!walkTimeSeries(startOf(number), labelsEndOf(number), endOf(number))) {
      return false;
    }
  }
  return true;
}

/** @param labelsEnd where labels from its start on are known to end. */
function walkTimeSeries(labels: usize, labelsEnd: usize, end: usize): bool {
  const firstSample = sampleCount;
  let at = labelsEnd;
  if (isUsualSample(at, end)) {
    return addUsualSample(at) && addSeries(labels, <u32>(labelsEnd - labels), firstSample, 0, 0);
  }
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

/** Whether a usual sample and nothing else stands between. Reads up to 20 bytes from `at`, whatever the end is. */
function isUsualSample(at: usize, end: usize): bool {
  return (
    end - at === USUAL_SAMPLE_BYTES &&
    (load<u32>(at) & 0xffffff) === USUAL_SAMPLE_HEAD &&
    <u32>load<u8>(at, TIMESTAMP_TAG_AT) === TIMESTAMP &&
    (load<u64>(at, TIMESTAMP_AT) & GOES_ON_MASK) === GOES_ON
  );
}

function addUsualSample(at: usize): bool {
  // Groups of 7 bits become such of 14, and these the number.
  const groups = load<u64>(at, TIMESTAMP_AT) & VARINT_MASK;
  const pairs = (groups & 0x007f_007f_007f) | ((groups & 0x7f00_7f00_7f00) >> 1);
  const timestamp = (pairs & 0x3fff) | ((pairs >> 2) & (0x3fff << 14)) | ((pairs >> 4) & ((<u64>0x3fff) << 28));
  return addSample(<f64>(<i64>timestamp), load<u64>(at, VALUE_AT));
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
