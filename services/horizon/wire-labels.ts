import { writeVarint } from "../shared/varint.ts";

/*
 * Labels as a TimeSeries message of remote-write has them, for each label
 *
 *   0x0a, uvarint length of the rest, 0x0a, uvarint length of the name, name, 0x12, uvarint length of the value, value
 *
 * made of the registry's form (`label-bytes.ts`) by adding what stands between its names and values, and taken back.
 */

const LABEL_TAG = 0x0a;
const NAME_TAG = 0x0a;
const VALUE_TAG = 0x12;
/** Both tags in a label, and its own with a length of up to four bytes. */
const MOST_ADDED_BYTES = 7;
/** A label in the registry's form is two bytes at least. */
const LEAST_LABEL_BYTES = 2;
const MAX_LENGTH_BYTES = 4;

/** The wire form of label bytes, or undefined where they are not of the registry's form. */
export function toWireLabels(labelBytes: Uint8Array): Buffer | undefined {
  const most = labelBytes.length + (labelBytes.length / LEAST_LABEL_BYTES) * MOST_ADDED_BYTES;
  const wire = Buffer.allocUnsafe(Math.ceil(most));
  let end = 0;
  for (let at = 0; at < labelBytes.length; ) {
    const valueAt = fieldEnd(labelBytes, at);
    const next = valueAt === undefined ? undefined : fieldEnd(labelBytes, valueAt);
    if (valueAt === undefined || next === undefined) {
      return undefined;
    }
    wire[end++] = LABEL_TAG;
    end = writeVarint(wire, end, next - at + 2);
    wire[end++] = NAME_TAG;
    end = copy(wire, end, labelBytes, at, valueAt);
    wire[end++] = VALUE_TAG;
    end = copy(wire, end, labelBytes, valueAt, next);
    at = next;
  }
  return wire.subarray(0, end);
}

/** The label bytes that a wire form was made of. */
export function fromWireLabels(wire: Uint8Array): Buffer {
  const labelBytes = Buffer.allocUnsafe(wire.length);
  let end = 0;
  for (let at = 0; at < wire.length; ) {
    const nameAt = skipLength(wire, at + 1) + 1;
    const valueAt = (fieldEnd(wire, nameAt) ?? wire.length) + 1;
    const next = fieldEnd(wire, valueAt) ?? wire.length;
    end = copy(labelBytes, end, wire, nameAt, valueAt - 1);
    end = copy(labelBytes, end, wire, valueAt, next);
    at = next;
  }
  return labelBytes.subarray(0, end);
}

/** Where a length and as many bytes end; undefined where the bytes do before. */
function fieldEnd(bytes: Uint8Array, start: number): number | undefined {
  let length = 0;
  for (let i = 0; i < MAX_LENGTH_BYTES; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) {
      return undefined;
    }
    length |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      const end = start + i + 1 + length;
      return end <= bytes.length ? end : undefined;
    }
  }
  return undefined;
}

function skipLength(bytes: Uint8Array, start: number): number {
  let at = start;
  while ((bytes[at] ?? 0) >= 0x80) {
    at++;
  }
  return at + 1;
}

/** Copies byte by byte: most are a few, for which a view would take longer. @returns where the copy ends. */
function copy(to: Uint8Array, start: number, from: Uint8Array, first: number, end: number): number {
  let at = start;
  for (let i = first; i < end; i++) {
    to[at++] = from[i] ?? 0;
  }
  return at;
}
