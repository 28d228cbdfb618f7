import snappy from "snappyjs";
import { writeVarint } from "../../services/shared/varint.ts";
import type { LabelPair } from "./bench-labels.ts";

/*
 * Requests of remote-write 1.0, one sample a series, made so that the next scrape of the same series costs little: its
 * messages are there, only the time in them is another.
 */

const LENGTH_DELIMITED_1 = 0x0a;
const LENGTH_DELIMITED_2 = 0x12;
const FIXED64_1 = 0x09;
const VARINT_2 = 0x10;
/** The time now, in milliseconds since 1970, takes as many: up to the year 2109. */
const TIMESTAMP_BYTES = 6;
const SAMPLE_BYTES = 1 + 8 + 1 + TIMESTAMP_BYTES;
const MAX_SERIES_BYTES = 65_536;

/** A TimeSeries message, with its tag and length. The last bytes of it are the time of its sample. */
export type SeriesMessage = Buffer;

const scratch = Buffer.alloc(MAX_SERIES_BYTES);

/** The message of a series with one sample, whose time `requestBody` fills in. */
export function seriesMessage(labels: readonly LabelPair[], value: number): SeriesMessage {
  let position = 0;
  for (const [name, text] of labels) {
    const nameBytes = Buffer.byteLength(name);
    const textBytes = Buffer.byteLength(text);
    const size = head(nameBytes) + nameBytes + head(textBytes) + textBytes;
    position = writeHead(scratch, position, LENGTH_DELIMITED_1, size);
    position = writeHead(scratch, position, LENGTH_DELIMITED_1, nameBytes);
    position += scratch.write(name, position);
    position = writeHead(scratch, position, LENGTH_DELIMITED_2, textBytes);
    position += scratch.write(text, position);
  }
  position = writeHead(scratch, position, LENGTH_DELIMITED_2, SAMPLE_BYTES);
  position = scratch.writeUInt8(FIXED64_1, position);
  position = scratch.writeDoubleLE(value, position);
  position = scratch.writeUInt8(VARINT_2, position) + TIMESTAMP_BYTES;
  const message = Buffer.alloc(head(position) + position);
  scratch.copy(message, writeHead(message, 0, LENGTH_DELIMITED_1, position), 0, position);
  return message;
}

/** The body of a request: a snappy block of a WriteRequest in which every sample has this time. */
export function requestBody(messages: readonly SeriesMessage[], timestampMs: number): Buffer {
  const time = Buffer.alloc(TIMESTAMP_BYTES);
  writeVarint(time, 0, timestampMs);
  const bytes = Buffer.concat(messages);
  let end = 0;
  for (const message of messages) {
    end += message.length;
    time.copy(bytes, end - TIMESTAMP_BYTES);
  }
  return Buffer.from(snappy.compress(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)));
}

/** Bytes of a tag and a length. */
function head(length: number): number {
  return length < 0x80 ? 2 : length < 0x4000 ? 3 : 4;
}

function writeHead(bytes: Buffer, position: number, tag: number, length: number): number {
  return writeVarint(bytes, bytes.writeUInt8(tag, position), length);
}
