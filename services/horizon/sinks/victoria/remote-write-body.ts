import snappy from "snappyjs";
import { ProtobufWriter, varintSize } from "./protobuf-writer.ts";

/*
 * Remote-write 1.0 (`proto/prometheus/remote.proto`):
 *   WriteRequest { repeated TimeSeries timeseries = 1 }
 *   TimeSeries   { repeated Label labels = 1; repeated Sample samples = 2 }
 *   Label        { string name = 1; string value = 2 }
 *   Sample       { double value = 1; int64 timestamp = 2 }
 * Labels are copied from the registry's bytes and values from the block's, so that neither becomes a string or a
 * number on the way: the payload of a NaN would not survive that.
 */

const LENGTH_DELIMITED_1 = 0x0a;
const LENGTH_DELIMITED_2 = 0x12;
const FIXED64_1 = 0x09;
const VARINT_2 = 0x10;
/** A tag and the 8 bytes of a value, and the tag of the timestamp. */
const SAMPLE_FIXED_BYTES = 1 + 8 + 1;

/** Samples of one series as columns have them. */
export interface BodySeries {
  readonly series: {
    /** `label-bytes.ts`, sorted by name as remote-write wants them. */
    readonly labelBytes: Uint8Array;
  };
  /** Its samples are `count` rows of the columns, from `first` on. */
  readonly first: number;
  readonly count: number;
}

export interface BodyColumns {
  /** Whole milliseconds, within ±2^53. */
  readonly timestampsMs: Float64Array;
  readonly valueBits: BigUint64Array;
}

/** The body of a request: a snappy block of a WriteRequest. */
export function encodeBody(series: readonly BodySeries[], columns: BodyColumns): Buffer {
  return snappyBlock(encodeWriteRequest(series, columns));
}

/** The snappy block (not the framed format) of some bytes. */
export function snappyBlock(message: Buffer): Buffer {
  const compressed = snappy.compress(new Uint8Array(message.buffer, message.byteOffset, message.byteLength));
  return Buffer.from(compressed.buffer, compressed.byteOffset, compressed.byteLength);
}

/** The protobuf bytes of a WriteRequest. */
export function encodeWriteRequest(series: readonly BodySeries[], columns: BodyColumns): Buffer {
  const sizes = series.map((one) => timeSeriesSize(one, columns));
  const total = sizes.reduce((sum, size) => sum + 1 + varintSize(size) + size, 0);
  const writer = new ProtobufWriter(total);
  for (const [i, one] of series.entries()) {
    writer.head(LENGTH_DELIMITED_1, sizes[i] ?? 0);
    writeLabels(writer, one.series.labelBytes);
    for (let row = one.first; row < one.first + one.count; row++) {
      writeSample(writer, columns, row);
    }
  }
  return writer.bytes;
}

/** How many bytes a series takes in a WriteRequest. */
export function seriesBytes(series: BodySeries, columns: BodyColumns): number {
  const size = timeSeriesSize(series, columns);
  return 1 + varintSize(size) + size;
}

function timeSeriesSize({ series, first, count }: BodySeries, { timestampsMs }: BodyColumns): number {
  let size = 0;
  eachLabel(series.labelBytes, (nameBytes, valueBytes) => {
    const label = labelSize(nameBytes, valueBytes);
    size += 1 + varintSize(label) + label;
  });
  for (let row = first; row < first + count; row++) {
    size += 2 + SAMPLE_FIXED_BYTES + int64Size(timestampsMs[row] ?? 0);
  }
  return size;
}

function writeLabels(writer: ProtobufWriter, labelBytes: Uint8Array): void {
  eachLabel(labelBytes, (nameBytes, valueBytes, nameAt, valueAt) => {
    writer.head(LENGTH_DELIMITED_1, labelSize(nameBytes, valueBytes));
    writer.head(LENGTH_DELIMITED_1, nameBytes);
    writer.copy(labelBytes, nameAt, nameBytes);
    writer.head(LENGTH_DELIMITED_2, valueBytes);
    writer.copy(labelBytes, valueAt, valueBytes);
  });
}

function writeSample(writer: ProtobufWriter, { timestampsMs, valueBits }: BodyColumns, row: number): void {
  const timestampMs = timestampsMs[row] ?? 0;
  writer.head(LENGTH_DELIMITED_2, SAMPLE_FIXED_BYTES + int64Size(timestampMs));
  writer.byte(FIXED64_1);
  writer.fixed64(valueBits[row] ?? 0n);
  writer.byte(VARINT_2);
  writer.int64(timestampMs);
}

type OnLabel = (nameBytes: number, valueBytes: number, nameAt: number, valueAt: number) => void;

/** Walks the labels, whose form the registry has checked: a length, a name, a length, a value, and so on. */
function eachLabel(labelBytes: Uint8Array, onLabel: OnLabel): void {
  let position = 0;
  const readLength = () => {
    let length = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = labelBytes[position++] ?? 0;
      length += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        return length;
      }
    }
  };
  while (position < labelBytes.length) {
    const nameBytes = readLength();
    const nameAt = position;
    position += nameBytes;
    const valueBytes = readLength();
    const valueAt = position;
    position += valueBytes;
    onLabel(nameBytes, valueBytes, nameAt, valueAt);
  }
}

function labelSize(nameBytes: number, valueBytes: number): number {
  return 1 + varintSize(nameBytes) + nameBytes + 1 + varintSize(valueBytes) + valueBytes;
}

/** Negative numbers are written as 64 bits, which take ten bytes. */
function int64Size(value: number): number {
  return value < 0 ? 10 : varintSize(value);
}
