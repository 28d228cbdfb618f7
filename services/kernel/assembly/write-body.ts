import { GrowingSpace } from "./growing-space";
import { putLabels } from "./label-difference";
import {
  beginElements,
  ELEMENT_SLACK,
  endElements,
  mostElementBytes,
  putBytes,
  putSame,
  putSameButWord,
} from "./snappy-elements";
import { putVarint } from "./varint";

/*
 * Makes the body of a remote-write 1.0 request (`proto/prometheus/remote.proto`), a snappy block of
 *
 *   WriteRequest { repeated TimeSeries timeseries = 1; }
 *   TimeSeries   { repeated Label labels = 1; repeated Sample samples = 2; }
 *   Sample       { double value = 1; int64 timestamp = 2; }
 *
 * of columns, without ever having its expanded bytes: what repeats is known. Labels are mostly those of the series before,
 * and the times of its samples too; a value is often the one before it.
 */

const TIME_SERIES: u32 = 0x0a;
const SAMPLE: u32 = 0x12;
const VALUE: u32 = 0x09;
const TIMESTAMP: u32 = 0x10;
/** Tag and length of a sample, and the tag of its value; then the value. */
const HEAD_BYTES: u32 = 3;
const VALUE_BYTES: u32 = 8;
/** Where the tag of its time is. */
const TIME_AT: u32 = HEAD_BYTES + VALUE_BYTES;

/** A series is two words: bytes of its label fields, and its samples. */
const SERIES_BYTES: usize = 8;
const SAMPLES: usize = 4;

const labels = new GrowingSpace();
const series = new GrowingSpace();
const times = new GrowingSpace();
const values = new GrowingSpace();
const block = new GrowingSpace();
/** What is written next: a sample, or tag and length of a series. */
const scratch = memory.data(64, 16);

/** Bytes of the last body. */
export let bodyBytes: u32 = 0;

/** Where the host writes the label fields of all series, one after the other; so many bytes. */
export function labelsAt(bytes: u32): usize {
  return labels.ensure(<usize>bytes + ELEMENT_SLACK);
}

/** Where the host writes the series, each two words: bytes of its label fields, and how many samples it has. */
export function seriesAt(count: u32): usize {
  return series.ensure(<usize>count * SERIES_BYTES);
}

/** Where the host writes the times of all samples, whole milliseconds as doubles. */
export function timesAt(count: u32): usize {
  return times.ensure((<usize>count) << 3);
}

/** Where the host writes the values of all samples. */
export function valuesAt(count: u32): usize {
  return values.ensure((<usize>count) << 3);
}

/** Makes the body of what the host has written. @returns where it is; `bodyBytes` says how long. */
export function writeBody(seriesCount: u32): usize {
  const expanded = expandedBytes(seriesCount);
  const start = block.ensure(mostElementBytes(expanded) + 8);
  beginElements(putVarint(start, expanded));
  writeAll(seriesCount);
  bodyBytes = <u32>(endElements() - start);
  return start;
}

function expandedBytes(seriesCount: u32): u32 {
  let bytes: u32 = 0;
  let time = times.start;
  for (let row = series.start, end = row + <usize>seriesCount * SERIES_BYTES; row < end; row += SERIES_BYTES) {
    const timesEnd = time + ((<usize>load<u32>(row, SAMPLES)) << 3);
    const message = load<u32>(row) + sampleBytes(time, timesEnd);
    bytes += headBytes(message) + message;
    time = timesEnd;
  }
  return bytes;
}

/** Where the next byte goes in the expanded bytes. */
let position: u32 = 0;
/** The series before: its label fields, where its message begins in the expanded bytes, and how long that is. */
let beforeLabels: usize = 0;
let beforeLabelsEnd: usize = 0;
let beforePosition: u32 = 0;
let beforeMessage: u32 = 0;
/** Its next sample: where its time is, until `beforeTimesEnd`, and where it begins in the expanded bytes. */
let beforeTime: usize = 0;
let beforeTimesEnd: usize = 0;
let beforeSample: u32 = 0;

function writeAll(seriesCount: u32): void {
  let label = labels.start;
  let time = times.start;
  let value = values.start;
  position = 0;
  beforeLabels = beforeLabelsEnd = label;
  beforeTime = beforeTimesEnd = time;
  beforePosition = beforeMessage = beforeSample = 0;
  for (let row = series.start, end = row + <usize>seriesCount * SERIES_BYTES; row < end; row += SERIES_BYTES) {
    const labelsEnd = label + <usize>load<u32>(row);
    const timesEnd = time + ((<usize>load<u32>(row, SAMPLES)) << 3);
    const message = load<u32>(row) + sampleBytes(time, timesEnd);
    const first = position;
    putHead(message);
    putLabels(label, labelsEnd, beforeLabels, beforeLabelsEnd, position - beforePosition - headBytes(beforeMessage));
    position += load<u32>(row);
    const firstSample = position;
    putSamples(time, timesEnd, value);
    beforeLabels = label;
    beforeLabelsEnd = labelsEnd;
    beforePosition = first;
    beforeMessage = message;
    beforeTime = time;
    beforeTimesEnd = timesEnd;
    beforeSample = firstSample;
    label = labelsEnd;
    value += timesEnd - time;
    time = timesEnd;
  }
}

/** Adds tag and length of a series. */
function putHead(message: u32): void {
  store<u8>(scratch, TIME_SERIES);
  const bytes = <u32>(putVarint(scratch + 1, message) - scratch);
  if (message === beforeMessage) {
    putSame(scratch, bytes, position - beforePosition);
  } else {
    putBytes(scratch, bytes);
  }
  position += bytes;
}

function putSamples(time: usize, end: usize, value: usize): void {
  const firstValue = value;
  let bytesBefore: u32 = 0;
  while (time < end) {
    const bytes = TIME_AT + 1 + timestampBytes(load<f64>(time));
    // A sample of the series before at the same time: all but its value is the same.
    const isLikeBefore = beforeTime < beforeTimesEnd && load<f64>(beforeTime) === load<f64>(time);
    const isRepeated = value !== firstValue && bytes === bytesBefore && load<u64>(value) === load<u64>(value - 8);
    const offset = position - beforeSample;
    if (isRepeated || !isLikeBefore || !putSameButWord(load<u64>(value), HEAD_BYTES, bytes - TIME_AT, offset)) {
      putSample(load<f64>(time), load<u64>(value), bytes, isRepeated, isLikeBefore ? offset : 0);
    }
    if (beforeTime < beforeTimesEnd) {
      beforeSample += isLikeBefore ? bytes : TIME_AT + 1 + timestampBytes(load<f64>(beforeTime));
      beforeTime += 8;
    }
    position += bytes;
    bytesBefore = bytes;
    time += 8;
    value += 8;
  }
}

/**
 * @param isRepeated whether the value, and all before it, is that of the sample before.
 * @param offset how far before stands one of the same time, 0 where there is none.
 */
function putSample(timestampMs: f64, valueBits: u64, bytes: u32, isRepeated: bool, offset: u32): void {
  writeSample(timestampMs, valueBits, bytes);
  if (isRepeated) {
    putSame(scratch, HEAD_BYTES + VALUE_BYTES, bytes);
  } else {
    putMaybeSame(scratch, HEAD_BYTES, offset);
    putBytes(scratch + HEAD_BYTES, VALUE_BYTES);
  }
  putMaybeSame(scratch + TIME_AT, bytes - TIME_AT, offset);
}

/** @param offset 0 where the bytes do not stand anywhere before. */
function putMaybeSame(from: usize, bytes: u32, offset: u32): void {
  if (offset > 0) {
    putSame(from, bytes, offset);
  } else {
    putBytes(from, bytes);
  }
}

/** Writes a sample of so many bytes into the scratch space. */
function writeSample(timestampMs: f64, valueBits: u64, bytes: u32): void {
  store<u8>(scratch, SAMPLE);
  // Without its own tag and length.
  store<u8>(scratch, bytes - 2, 1);
  store<u8>(scratch, VALUE, 2);
  store<u64>(scratch, valueBits, HEAD_BYTES);
  store<u8>(scratch, TIMESTAMP, TIME_AT);
  putVarint(scratch + TIME_AT + 1, <u64>(<i64>timestampMs));
}

/** Bytes of the samples from one time to another. */
function sampleBytes(time: usize, end: usize): u32 {
  let bytes: u32 = 0;
  for (; time < end; time += 8) {
    bytes += TIME_AT + 1 + timestampBytes(load<f64>(time));
  }
  return bytes;
}

/** A time of either sign as the 64 bits that protobuf writes. */
function timestampBytes(timestampMs: f64): u32 {
  return varintBytes(<u64>(<i64>timestampMs));
}

/** Tag and length of a message of so many bytes. */
function headBytes(message: u32): u32 {
  return 1 + varintBytes(message);
}

function varintBytes(value: u64): u32 {
  return <u32>((70 - clz(value | 1)) / 7);
}
