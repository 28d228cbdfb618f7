import { createRequire } from "node:module";

/*
 * A block: the kept samples of one request for one shard, as one member of the shard's set.
 *
 *   u8   version (1)
 *   u8   kind (1 = float samples)
 *   u8   length, then the tenant        all three ASCII, see settings' identifier rule
 *   u8   length, then the server
 *   u8   length, then the namespace
 *   u32  registry generation            all integers little-endian
 *   u32  number of samples N
 *   N ×  u64 series id
 *   timestamps (ms), run coded: runs of (zigzag varint: difference to the run before, uvarint: samples in the run)
 *   N ×  8 bytes of the value, as on the wire
 *   u32  CRC-32C of everything before
 *
 * It holds nothing that differs between two deliveries of the same request, so a retry is the same set member
 * (but for the generation, when the hour turns in between; the stores then see the same samples twice, unharmed).
 */

const { buf: crc32c } = createRequire(import.meta.url)("crc-32/crc32c") as {
  buf(bytes: Uint8Array, seed?: number): number;
};

const VERSION = 1;
const KIND_FLOAT_SAMPLES = 1;
const FIXED_HEADER_BYTES = 2 + 3 + 4 + 4;
const CRC_BYTES = 4;
/** A varint of 53 bits, as many as a whole number in JavaScript has. */
const MAX_VARINT_BYTES = 8;
/** Most bytes that one run of timestamps can take. */
const MAX_RUN_BYTES = 2 * MAX_VARINT_BYTES;

/** Timestamps reach this far to either side of 1970: 35 000 years. Beyond it their differences would not be exact. */
export const MAX_TIMESTAMP_MS = 2 ** 50;

/** Samples in columns: entry i of each column belongs to sample i. */
export interface SampleColumns {
  readonly ids: BigUint64Array;
  /** Milliseconds since 1970, whole numbers within ±MAX_TIMESTAMP_MS. */
  readonly timestampsMs: Float64Array;
  /** The 64 bits of each value. Kept as integers because JavaScript may rewrite the payload of a NaN. */
  readonly valueBits: BigUint64Array;
}

/** Whose samples a block holds. `namespace` is what SKIP_LIST entries may name. */
export interface BlockOwner {
  readonly tenant: string;
  readonly server: string;
  readonly namespace: string;
}

/** What a block says. */
export interface Block {
  readonly owner: BlockOwner;
  readonly generation: number;
  readonly samples: SampleColumns;
}

/** Why bytes are not a block. `unknown_version`: written by a newer Flux. */
export type BlockFault = "unknown_version" | "checksum_mismatch" | "malformed";
export type DecodedBlock = { ok: true; block: Block } | { ok: false; fault: BlockFault };

/** The bytes of a block. Owner strings are at most 255 bytes each; settings and identity checks see to that. */
export function encodeBlock({ owner, generation, samples }: Block): Buffer {
  const count = samples.ids.length;
  const names = [owner.tenant, owner.server, owner.namespace].map((name) => Buffer.from(name, "latin1"));
  const nameBytes = names.reduce((sum, name) => sum + name.length, 0);
  const bytes = Buffer.allocUnsafe(FIXED_HEADER_BYTES + nameBytes + count * (16 + MAX_RUN_BYTES) + CRC_BYTES);
  let position = bytes.writeUInt8(VERSION, 0);
  position = bytes.writeUInt8(KIND_FLOAT_SAMPLES, position);
  for (const name of names) {
    position = bytes.writeUInt8(name.length, position);
    bytes.set(name, position);
    position += name.length;
  }
  position = bytes.writeUInt32LE(generation, position);
  position = bytes.writeUInt32LE(count, position);
  position = writeColumn(bytes, position, samples.ids);
  position = writeTimestamps(bytes, position, samples.timestampsMs);
  position = writeColumn(bytes, position, samples.valueBits);
  const crc = crc32c(bytes.subarray(0, position), 0) >>> 0;
  position = bytes.writeUInt32LE(crc, position);
  return Buffer.from(bytes.subarray(0, position));
}

/** Reads a block. Never throws: what is wrong is in `fault`. */
export function decodeBlock(bytes: Buffer): DecodedBlock {
  if (bytes.length < FIXED_HEADER_BYTES + CRC_BYTES) {
    return { ok: false, fault: "malformed" };
  }
  if (bytes[0] !== VERSION || bytes[1] !== KIND_FLOAT_SAMPLES) {
    return { ok: false, fault: "unknown_version" };
  }
  const body = bytes.subarray(0, bytes.length - CRC_BYTES);
  if (crc32c(body, 0) >>> 0 !== bytes.readUInt32LE(body.length)) {
    return { ok: false, fault: "checksum_mismatch" };
  }
  const block = readBody(body);
  return block ? { ok: true, block } : { ok: false, fault: "malformed" };
}

function readBody(body: Buffer): Block | undefined {
  let position = 2;
  const names: string[] = [];
  for (let i = 0; i < 3; i++) {
    const length = body[position] ?? 0;
    names.push(body.toString("latin1", position + 1, position + 1 + length));
    position += 1 + length;
  }
  if (position + 8 > body.length) {
    return undefined;
  }
  const [tenant = "", server = "", namespace = ""] = names;
  const generation = body.readUInt32LE(position);
  const count = body.readUInt32LE(position + 4);
  position += 8;
  if (position + count * 16 > body.length) {
    return undefined;
  }
  const ids = readColumn(body, position, count);
  const valuesAt = body.length - count * 8;
  const timestampsMs = readTimestamps(body.subarray(position + count * 8, valuesAt), count);
  if (!timestampsMs) {
    return undefined;
  }
  const valueBits = readColumn(body, valuesAt, count);
  return { owner: { tenant, server, namespace }, generation, samples: { ids, timestampsMs, valueBits } };
}

function writeColumn(bytes: Buffer, position: number, column: BigUint64Array): number {
  bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), position);
  return position + column.byteLength;
}

function readColumn(bytes: Buffer, position: number, count: number): BigUint64Array {
  const column = new BigUint64Array(count);
  new Uint8Array(column.buffer).set(bytes.subarray(position, position + count * 8));
  return column;
}

function writeTimestamps(bytes: Buffer, start: number, timestampsMs: Float64Array): number {
  let position = start;
  let before = 0;
  for (let i = 0; i < timestampsMs.length; ) {
    const current = timestampsMs[i] ?? 0;
    let end = i + 1;
    while (end < timestampsMs.length && timestampsMs[end] === current) {
      end++;
    }
    position = writeVarint(bytes, position, zigzag(current - before));
    position = writeVarint(bytes, position, end - i);
    before = current;
    i = end;
  }
  return position;
}

function readTimestamps(bytes: Buffer, count: number): Float64Array | undefined {
  const timestampsMs = new Float64Array(count);
  let position = 0;
  let current = 0;
  let filled = 0;
  while (filled < count) {
    const difference = readVarint(bytes, position);
    const run = difference && readVarint(bytes, difference.next);
    if (!run || run.value === 0 || filled + run.value > count) {
      return undefined;
    }
    current += unzigzag(difference.value);
    timestampsMs.fill(current, filled, filled + run.value);
    filled += run.value;
    position = run.next;
  }
  return position === bytes.length ? timestampsMs : undefined;
}

// Arithmetic instead of bit shifts, which JavaScript cuts to 32 bits: within MAX_TIMESTAMP_MS all of it is exact.
function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1;
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function writeVarint(bytes: Buffer, start: number, value: number): number {
  let position = start;
  let rest = value;
  while (rest > 0x7f) {
    position = bytes.writeUInt8((rest % 128) | 0x80, position);
    rest = Math.floor(rest / 128);
  }
  return bytes.writeUInt8(rest, position);
}

function readVarint(bytes: Buffer, start: number): { value: number; next: number } | undefined {
  let value = 0;
  for (let i = 0; i < MAX_VARINT_BYTES; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) {
      return undefined;
    }
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) {
      return { value, next: start + i + 1 };
    }
  }
  return undefined;
}
