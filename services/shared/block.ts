import { createRequire } from "node:module";
import { type ColumnMaker, OWN_COLUMNS } from "./column-space.ts";
import { MAX_VARINT_BYTES, readVarint, unzigzag, writeVarint, zigzag } from "./varint.ts";

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

/** What is wrong with bytes, and at which of them (from 0) it shows. `detail` is for people. */
export interface BlockDamage {
  readonly ok: false;
  readonly fault: BlockFault;
  readonly at: number;
  readonly detail: string;
}
export type DecodedBlock = { ok: true; block: Block } | BlockDamage;

/** What stands before a block's samples. */
export interface BlockHeader {
  readonly owner: BlockOwner;
  readonly generation: number;
  /** Samples. */
  readonly count: number;
  /** Where the samples begin. */
  readonly end: number;
}

/** The bytes of a block. Owner strings are at most 255 bytes each; settings and identity checks see to that. */
export function encodeBlock({ owner, generation, samples }: Block): Buffer {
  const count = samples.ids.length;
  const runBytes = runsIn(samples.timestampsMs) * MAX_RUN_BYTES;
  const bytes = Buffer.allocUnsafe(blockHeadBytes(owner) + count * 16 + runBytes + CRC_BYTES);
  let position = writeBlockHead(bytes, 0, { owner, generation, count });
  position = writeColumn(bytes, position, samples.ids);
  position = writeTimestamps(bytes, position, samples.timestampsMs);
  position = writeColumn(bytes, position, samples.valueBits);
  position = bytes.writeUInt32LE(plainChecksum(bytes.subarray(0, position)), position);
  return bytes.subarray(0, position);
}

/** How many bytes stand before the samples of an owner's block. */
export function blockHeadBytes({ tenant, server, namespace }: BlockOwner): number {
  return FIXED_HEADER_BYTES + tenant.length + server.length + namespace.length;
}

/** Writes what stands before a block's samples. @returns where they go. */
export function writeBlockHead(
  bytes: Buffer,
  start: number,
  { owner, generation, count }: Omit<BlockHeader, "end">,
): number {
  let position = bytes.writeUInt8(VERSION, start);
  position = bytes.writeUInt8(KIND_FLOAT_SAMPLES, position);
  position = writeName(bytes, position, owner.tenant);
  position = writeName(bytes, position, owner.server);
  position = writeName(bytes, position, owner.namespace);
  position = bytes.writeUInt32LE(generation, position);
  return bytes.writeUInt32LE(count, position);
}

/** The CRC-32C of bytes, where there is no quicker way to it. */
export function plainChecksum(bytes: Uint8Array): number {
  return crc32c(bytes, 0) >>> 0;
}

/**
 * Reads a block. Never throws: what is wrong with the bytes is in the answer.
 * @param checksumOf gives the CRC-32C of bytes.
 * @param columns what the samples are put into.
 */
export function decodeBlock(bytes: Buffer, checksumOf = plainChecksum, columns = OWN_COLUMNS): DecodedBlock {
  if (bytes.length < FIXED_HEADER_BYTES + CRC_BYTES) {
    const least = FIXED_HEADER_BYTES + CRC_BYTES;
    return damage("malformed", bytes.length, `it has ${bytes.length} bytes, a block has at least ${least}`);
  }
  if (bytes[0] !== VERSION) {
    return damage("unknown_version", 0, `its version is ${bytes[0]}, only ${VERSION} is read here`);
  }
  if (bytes[1] !== KIND_FLOAT_SAMPLES) {
    return damage("unknown_version", 1, `its kind is ${bytes[1]}, only ${KIND_FLOAT_SAMPLES} is read here`);
  }
  const body = bytes.subarray(0, bytes.length - CRC_BYTES);
  const checksum = checksumOf(body);
  const written = bytes.readUInt32LE(body.length);
  return checksum === written
    ? readBody(body, columns)
    : damage("checksum_mismatch", body.length, `its checksum is ${hex(written)}, that of its bytes ${hex(checksum)}`);
}

/**
 * Reads what stands before a block's samples, whatever the checksum says.
 * @returns undefined where the bytes end before it does.
 */
export function readBlockHeader(bytes: Buffer): BlockHeader | undefined {
  let position = 2;
  const names: string[] = [];
  for (let i = 0; i < 3; i++) {
    const length = bytes[position] ?? 0;
    names.push(bytes.toString("latin1", position + 1, position + 1 + length));
    position += 1 + length;
  }
  if (position + 8 > bytes.length) {
    return undefined;
  }
  const [tenant = "", server = "", namespace = ""] = names;
  const generation = bytes.readUInt32LE(position);
  const count = bytes.readUInt32LE(position + 4);
  return { owner: { tenant, server, namespace }, generation, count, end: position + 8 };
}

/** @param body a block without its checksum. */
function readBody(body: Buffer, columns: ColumnMaker): DecodedBlock {
  const header = readBlockHeader(body);
  if (!header) {
    return damage("malformed", body.length, "it ends within tenant, server and namespace");
  }
  const { owner, generation, count, end } = header;
  if (end + count * 16 > body.length) {
    const needed = `${count} samples take at least ${count * 16} bytes`;
    return damage("malformed", end - 4, `${needed}, there are ${body.length - end}`);
  }
  const ids = readColumn(body, end, columns.bigUint64(count));
  const valuesAt = body.length - count * 8;
  const timestampsMs = columns.float64(count);
  if (!readTimestamps(body.subarray(end + count * 8, valuesAt), timestampsMs)) {
    return damage("malformed", end + count * 8, `its timestamps are not those of ${count} samples`);
  }
  const valueBits = readColumn(body, valuesAt, columns.bigUint64(count));
  return { ok: true, block: { owner, generation, samples: { ids, timestampsMs, valueBits } } };
}

function damage(fault: BlockFault, at: number, detail: string): BlockDamage {
  return { ok: false, fault, at, detail };
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, "0");
}

function writeName(bytes: Buffer, start: number, name: string): number {
  const position = bytes.writeUInt8(name.length, start);
  return position + bytes.write(name, position, "latin1");
}

function writeColumn(bytes: Buffer, position: number, column: BigUint64Array): number {
  bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), position);
  return position + column.byteLength;
}

function readColumn(bytes: Buffer, position: number, column: BigUint64Array): BigUint64Array {
  const to = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
  to.set(bytes.subarray(position, position + column.byteLength));
  return column;
}

/** How many runs of the same timestamp there are. */
function runsIn(timestampsMs: Float64Array): number {
  let runs = 0;
  let before = Number.NaN;
  for (let i = 0; i < timestampsMs.length; i++) {
    const current = timestampsMs[i] ?? 0;
    runs += current === before ? 0 : 1;
    before = current;
  }
  return runs;
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

/** @returns whether these are as many timestamps as the column has entries. */
function readTimestamps(bytes: Buffer, timestampsMs: Float64Array): boolean {
  const count = timestampsMs.length;
  let position = 0;
  let current = 0;
  let filled = 0;
  while (filled < count) {
    const difference = readVarint(bytes, position);
    const run = difference && readVarint(bytes, difference.next);
    if (!run || run.value === 0 || filled + run.value > count) {
      return false;
    }
    current += unzigzag(difference.value);
    timestampsMs.fill(current, filled, filled + run.value);
    filled += run.value;
    position = run.next;
  }
  return position === bytes.length;
}
