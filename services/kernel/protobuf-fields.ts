import type protobuf from "protobufjs/minimal.js";

export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH_DELIMITED = 2;

export type Reader = protobuf.Reader;

/** The bytes are not a protobuf message of the expected shape. */
export class MalformedProtobuf extends Error {}

/** Whether an error complains about the bytes, in protobufjs' words or ours. Anything else is a bug: throw it on. */
export function isMalformation(error: unknown): error is Error {
  return (
    error instanceof MalformedProtobuf ||
    error instanceof RangeError ||
    (error instanceof Error && error.constructor === Error)
  );
}

/*
 * What protobufjs' reader leaves to its users: walking the fields of a message, and refusing what runs past its end.
 * All of these throw MalformedProtobuf, and what protobufjs itself throws where it meets the end of the bytes.
 */

/** Hands over the fields of a message, one after the other; `onField` reads or skips the value. */
export function readFields(reader: Reader, end: number, onField: (field: number, wireType: number) => void): void {
  while (reader.pos < end) {
    const tag = readUint32(reader);
    onField(checkField(tag), tag & 7);
    checkEnd(reader, end);
  }
}

/** Reads the length of a message or text inside another one. @returns where it ends. */
export function readMessageEnd(reader: Reader, wireType: number, outerEnd: number): number {
  expectWireType(wireType, LENGTH_DELIMITED);
  const end = readUint32(reader) + reader.pos;
  if (end > outerEnd) {
    throw new MalformedProtobuf(`field at byte ${reader.pos} runs past the end of its message`);
  }
  return end;
}

/** Skips the value of a field. Groups, which protobuf dropped long ago, are refused. */
export function skipField(reader: Reader, wireType: number): void {
  if (wireType === 3 || wireType === 4) {
    throw new MalformedProtobuf(`group at byte ${reader.pos}`);
  }
  reader.skipType(wireType);
}

/** A varint that has to fit 32 bits. protobufjs itself drops the bits above. */
export function readUint32(reader: Reader): number {
  const start = reader.pos;
  const value = reader.uint32();
  const length = reader.pos - start;
  if (length > 5 || (length === 5 && (reader.buf[start + 4] ?? 0) > 0x0f)) {
    throw new MalformedProtobuf(`number at byte ${start} needs more than 32 bits`);
  }
  return value;
}

/** The field number in a tag. */
export function checkField(tag: number): number {
  const field = tag >>> 3;
  if (field === 0) {
    throw new MalformedProtobuf("field number 0");
  }
  return field;
}

/** @throws when what was read last runs past the end of its message. */
export function checkEnd(reader: Reader, end: number): void {
  if (reader.pos > end) {
    throw new MalformedProtobuf(`field at byte ${reader.pos} runs past the end of its message`);
  }
}

export function expectWireType(actual: number, expected: number): void {
  if (actual !== expected) {
    throw new MalformedProtobuf(`wire type ${actual} where ${expected} belongs`);
  }
}
