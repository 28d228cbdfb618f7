import type { Label, LabelSet } from "./series.ts";

/*
 * Labels as bytes: for each label, in the order of the set,
 *   uvarint length of the name, name, uvarint length of the value, value
 * with no separators and no count. The lengths make the form unambiguous: {a="bc"} and {ab="c"} differ.
 * The id of a series is a hash of these bytes, so their form can never change.
 */

const MAX_VARINT_SHIFT = 28;

/** The bytes of a label set, from which its id is made and as which the registry holds it. */
export function encodeLabels(labels: LabelSet): Buffer {
  let length = 0;
  for (const { name, value } of labels) {
    length += lengthPrefixedBytes(name) + lengthPrefixedBytes(value);
  }
  const bytes = Buffer.allocUnsafe(length);
  let position = 0;
  for (const { name, value } of labels) {
    position = writeLengthPrefixed(bytes, position, name);
    position = writeLengthPrefixed(bytes, position, value);
  }
  return bytes;
}

/**
 * Reads what `encodeLabels` wrote.
 * @returns the labels, or undefined where the bytes are not of that form.
 */
export function decodeLabels(bytes: Uint8Array): Label[] | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const strings: string[] = [];
  let position = 0;
  while (position < text.length) {
    const length = readVarint(text, position);
    if (length === undefined || length.next + length.value > text.length) {
      return undefined;
    }
    strings.push(text.toString("utf8", length.next, length.next + length.value));
    position = length.next + length.value;
  }
  return strings.length % 2 === 0 ? pairUp(strings) : undefined;
}

/** The value of one label, found without decoding the others; undefined where there is none before the bytes end. */
export function findLabelValue(bytes: Uint8Array, labelName: string): string | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wanted = Buffer.from(labelName);
  let position = 0;
  while (position < text.length) {
    const name = readVarint(text, position);
    const nameEnd = name && name.next + name.value;
    const value = nameEnd === undefined ? undefined : readVarint(text, nameEnd);
    if (!name || nameEnd === undefined || !value) {
      return undefined;
    }
    position = value.next + value.value;
    if (position > text.length) {
      return undefined;
    }
    if (wanted.equals(text.subarray(name.next, nameEnd))) {
      return text.toString("utf8", value.next, position);
    }
  }
  return undefined;
}

function pairUp(strings: readonly string[]): Label[] {
  const labels: Label[] = [];
  for (let i = 0; i + 1 < strings.length; i += 2) {
    labels.push({ name: strings[i] ?? "", value: strings[i + 1] ?? "" });
  }
  return labels;
}

function lengthPrefixedBytes(text: string): number {
  const length = Buffer.byteLength(text);
  return varintBytes(length) + length;
}

function varintBytes(value: number): number {
  return value < 0x80 ? 1 : 1 + varintBytes(value >>> 7);
}

function writeLengthPrefixed(bytes: Buffer, start: number, text: string): number {
  const length = Buffer.byteLength(text);
  let position = start;
  let rest = length;
  while (rest > 0x7f) {
    position = bytes.writeUInt8((rest & 0x7f) | 0x80, position);
    rest >>>= 7;
  }
  position = bytes.writeUInt8(rest, position);
  return position + bytes.write(text, position, "utf8");
}

function readVarint(bytes: Buffer, start: number): { value: number; next: number } | undefined {
  let value = 0;
  let position = start;
  for (let shift = 0; shift <= MAX_VARINT_SHIFT; shift += 7) {
    const byte = bytes[position];
    if (byte === undefined) {
      return undefined;
    }
    position++;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) {
      return { value, next: position };
    }
  }
  return undefined;
}
