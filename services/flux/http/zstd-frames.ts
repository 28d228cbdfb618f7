/*
 * The outer structure of zstd data (RFC 8878, 3.1): frames, and the blocks in them. Nothing is expanded here.
 */

/** What zstd data says about its size, without being expanded. In bytes. */
export interface ZstdSize {
  readonly ok: true;
  /** It expands to no less. Exact where the frames declare their size. */
  readonly atLeastBytes: number;
  /** It expands to no more. Exact where the frames declare their size. */
  readonly atMostBytes: number;
  readonly widestWindowBytes: number;
}

const FRAME_MAGIC = 0xfd2fb528;
const FIRST_SKIPPABLE_MAGIC = 0x184d2a50;
const LARGEST_BLOCK = 128 * 1024;
const CHECKSUM_BYTES = 4;
/** Senders make one. A million empty ones in a small body would keep the decoder busy for seconds. */
const MAX_FRAMES = 1000;

/** The bytes are not zstd. */
class MalformedZstd extends Error {}

/**
 * Walks the frames from the first byte to the last. Takes time linear in the compressed data.
 * @returns how much it may expand to, or in `detail` what is wrong with its structure and at which byte, from 0.
 */
export function measureZstd(bytes: Buffer): ZstdSize | { ok: false; detail: string } {
  try {
    return walkFrames(bytes);
  } catch (error) {
    if (error instanceof MalformedZstd) {
      return { ok: false, detail: `the body is not zstd: ${error.message}` };
    }
    throw error;
  }
}

function walkFrames(bytes: Buffer): ZstdSize {
  const size = { ok: true as const, atLeastBytes: 0, atMostBytes: 0, widestWindowBytes: 0 };
  let position = 0;
  let frames = 0;
  do {
    if (++frames > MAX_FRAMES) {
      throw new MalformedZstd(`it has more than ${MAX_FRAMES} frames`);
    }
    need(bytes, position, 4, "the magic number of a frame");
    const magic = bytes.readUInt32LE(position);
    if (magic === FRAME_MAGIC) {
      const header = readFrameHeader(bytes, position + 4);
      const content = walkBlocks(bytes, header);
      size.atLeastBytes += content.atLeastBytes;
      size.atMostBytes += content.atMostBytes;
      size.widestWindowBytes = Math.max(size.widestWindowBytes, header.windowBytes);
      position = content.end;
    } else if (magic - (magic % 16) === FIRST_SKIPPABLE_MAGIC) {
      need(bytes, position, 8, "a skippable frame");
      const length = bytes.readUInt32LE(position + 4);
      need(bytes, position + 8, length, "a skippable frame");
      position += 8 + length;
    } else {
      throw new MalformedZstd(`no frame begins at byte ${position}`);
    }
  } while (position < bytes.length);
  return size;
}

interface FrameHeader {
  readonly windowBytes: number;
  /** Undefined where the header does not say. */
  readonly contentBytes: number | undefined;
  readonly hasChecksum: boolean;
  /** Where the first block begins. */
  readonly end: number;
}

/** @param start position of the descriptor, after the magic number (RFC 8878, 3.1.1.1). */
function readFrameHeader(bytes: Buffer, start: number): FrameHeader {
  need(bytes, start, 1, "a frame header");
  const descriptor = bytes.readUInt8(start);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const windowField = isSingleSegment ? 0 : 1;
  const dictionaryField = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const contentField = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  need(bytes, start, 1 + windowField + dictionaryField + contentField, "a frame header");
  if ((descriptor & 0x08) !== 0) {
    throw new MalformedZstd(`a reserved bit is set at byte ${start}`);
  }
  const dictionaryAt = start + 1 + windowField;
  if (readUInt(bytes, dictionaryAt, dictionaryField) !== 0) {
    throw new MalformedZstd("it needs a dictionary");
  }
  const contentAt = dictionaryAt + dictionaryField;
  // Two-byte sizes begin where one-byte sizes end.
  const content = readUInt(bytes, contentAt, contentField) + (contentField === 2 ? 256 : 0);
  return {
    windowBytes: isSingleSegment ? content : windowSize(bytes.readUInt8(start + 1)),
    contentBytes: contentField === 0 ? undefined : content,
    hasChecksum: (descriptor & 0x04) !== 0,
    end: contentAt + contentField,
  };
}

/** Window_Descriptor (RFC 8878, 3.1.1.1.2): five bits of exponent, three of mantissa. */
function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

interface Content {
  readonly atLeastBytes: number;
  readonly atMostBytes: number;
  readonly end: number;
}

function walkBlocks(bytes: Buffer, header: FrameHeader): Content {
  const largestBlock = Math.min(LARGEST_BLOCK, header.windowBytes);
  let atLeastBytes = 0;
  let atMostBytes = 0;
  let position = header.end;
  let isLast = false;
  while (!isLast) {
    need(bytes, position, 3, "a block header");
    const block = readUInt(bytes, position, 3);
    const size = block >> 3;
    const type = (block >> 1) & 3;
    isLast = (block & 1) === 1;
    if (type === 3 || size > largestBlock) {
      throw new MalformedZstd(`a block of ${type === 3 ? "an unknown type" : `${size} bytes`} at byte ${position}`);
    }
    const stored = type === RUN ? 1 : size;
    need(bytes, position + 3, stored, "a block");
    position += 3 + stored;
    atLeastBytes += type === COMPRESSED ? 0 : size;
    atMostBytes += type === COMPRESSED ? largestBlock : size;
  }
  const end = position + (header.hasChecksum ? CHECKSUM_BYTES : 0);
  need(bytes, position, end - position, "a checksum");
  return { ...agree(header.contentBytes, atLeastBytes, atMostBytes), end };
}

const RUN = 1;
const COMPRESSED = 2;

/** The declared size instead of the bounds, where there is one and the blocks can have it. */
function agree(declared: number | undefined, atLeastBytes: number, atMostBytes: number): Omit<Content, "end"> {
  if (declared === undefined) {
    return { atLeastBytes, atMostBytes };
  }
  if (declared < atLeastBytes || declared > atMostBytes) {
    throw new MalformedZstd(`a frame declares ${declared} bytes, its blocks hold ${atLeastBytes} to ${atMostBytes}`);
  }
  return { atLeastBytes: declared, atMostBytes: declared };
}

/** Little-endian, of 0 to 8 bytes; beyond 2^53 not exact. */
function readUInt(bytes: Buffer, start: number, length: number): number {
  let value = 0;
  for (let i = length - 1; i >= 0; i--) {
    value = value * 256 + bytes.readUInt8(start + i);
  }
  return value;
}

function need(bytes: Buffer, start: number, length: number, what: string): void {
  if (start + length > bytes.length) {
    throw new MalformedZstd(`it ends within ${what}, after ${bytes.length} bytes`);
  }
}
