import protobuf from "protobufjs/minimal.js";
import { type DecodedWriteRequest, MAX_ROWS, type RawSeries } from "./codec.ts";
import { MetadataReader } from "./metadata-reader.ts";
import {
  checkEnd,
  checkField,
  expectWireType,
  FIXED64,
  type Reader,
  readFields,
  readMessageEnd,
  readUint32,
  skipField,
  VARINT,
} from "./protobuf-fields.ts";
import { GrowingColumns, TooManyRows } from "./sample-columns.ts";

/**
 * Reads a WriteRequest, keeping the 64 bits of every value and leaving labels as bytes.
 *
 *   WriteRequest { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3; }
 *   TimeSeries   { repeated Label labels = 1; repeated Sample samples = 2; repeated Exemplar exemplars = 3;
 *                  repeated Histogram histograms = 4; }
 *   Sample       { double value = 1; int64 timestamp = 2; }
 *
 * Unknown fields are skipped; groups, which protobuf dropped long ago, are refused.
 * @throws MalformedProtobuf, TooManyRows
 */
export function readWriteRequest(bytes: Buffer): DecodedWriteRequest {
  const reader = protobuf.Reader.create(bytes);
  const columns = new GrowingColumns();
  const series: RawSeries[] = [];
  let labelBytes = 0;
  const metadata = new MetadataReader(bytes);
  readFields(reader, bytes.length, (field, wireType) => {
    if (field === 1) {
      if (series.length === MAX_ROWS) {
        throw new TooManyRows("series");
      }
      const one = readTimeSeries(reader, readMessageEnd(reader, wireType, bytes.length), columns, bytes);
      labelBytes += one.rawLabels.length;
      series.push(one);
    } else if (field === 3) {
      const end = readMessageEnd(reader, wireType, bytes.length);
      metadata.add(reader.pos, end);
      reader.pos = end;
    } else {
      skipField(reader, wireType);
    }
  });
  const hasOneSampleEach = series.every(
    ({ sampleCount, histogramCount, exemplarCount }) => sampleCount === 1 && histogramCount + exemplarCount === 0,
  );
  return { series, hasOneSampleEach, labelBytes, ...columns.finish(), ...metadata.finish() };
}

/**
 * Reads `Label { string name = 1; string value = 2; }` fields, one after the other.
 * @param onLabel is given the bytes of both; they share memory with `rawLabels`.
 * @throws MalformedProtobuf
 */
export function readLabelFields(rawLabels: Buffer, onLabel: (name: Buffer, value: Buffer) => void): void {
  const reader = protobuf.Reader.create(rawLabels);
  readFields(reader, rawLabels.length, (_field, wireType) => {
    const end = readMessageEnd(reader, wireType, rawLabels.length);
    let name = rawLabels.subarray(0, 0);
    let value = name;
    readFields(reader, end, (field, innerWireType) => {
      if (field !== 1 && field !== 2) {
        skipField(reader, innerWireType);
        return;
      }
      const textEnd = readMessageEnd(reader, innerWireType, end);
      const text = rawLabels.subarray(reader.pos, textEnd);
      reader.pos = textEnd;
      if (field === 1) {
        name = text;
      } else {
        value = text;
      }
    });
    onLabel(name, value);
  });
}

function readTimeSeries(reader: Reader, end: number, columns: GrowingColumns, bytes: Buffer): RawSeries {
  const firstSample = columns.length;
  const labels = new LabelSpan(bytes);
  let histogramCount = 0;
  let exemplarCount = 0;
  while (reader.pos < end) {
    const start = reader.pos;
    const tag = readUint32(reader);
    const wireType = tag & 7;
    switch (checkField(tag)) {
      case 1:
        reader.pos = readMessageEnd(reader, wireType, end);
        labels.add(start, reader.pos);
        break;
      case 2:
        readSample(reader, readMessageEnd(reader, wireType, end), columns);
        break;
      case 3:
        reader.pos = readMessageEnd(reader, wireType, end);
        exemplarCount++;
        break;
      case 4:
        reader.pos = readMessageEnd(reader, wireType, end);
        histogramCount++;
        break;
      default:
        skipField(reader, wireType);
    }
    checkEnd(reader, end);
  }
  return {
    rawLabels: labels.text(),
    firstSample,
    sampleCount: columns.length - firstSample,
    histogramCount,
    exemplarCount,
  };
}

function readSample(reader: Reader, end: number, columns: GrowingColumns): void {
  let low = 0;
  let high = 0;
  let timestampMs = 0;
  readFields(reader, end, (field, wireType) => {
    if (field === 1) {
      expectWireType(wireType, FIXED64);
      const bits = reader.fixed64();
      low = Number(bits.low);
      high = Number(bits.high);
    } else if (field === 2) {
      expectWireType(wireType, VARINT);
      timestampMs = Number(reader.int64());
    } else {
      skipField(reader, wireType);
    }
  });
  columns.push(timestampMs, low, high);
}

/** Where the label fields of one series lie. Senders write them in one piece; the protocol does not say they must. */
class LabelSpan {
  readonly #bytes: Buffer;
  #before = "";
  #start = 0;
  #end = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  add(start: number, end: number): void {
    if (start !== this.#end) {
      this.#before = this.text();
      this.#start = start;
    }
    this.#end = end;
  }

  text(): string {
    return this.#before + this.#bytes.toString("latin1", this.#start, this.#end);
  }
}
