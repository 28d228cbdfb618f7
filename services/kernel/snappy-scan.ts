/*
 * Checks a snappy block before it is expanded. snappyjs trusts its input: it returns a buffer of the declared length
 * whatever was produced, and a literal of 2^31 bytes or more makes it walk backwards for minutes. So the elements
 * are walked here first, without copying; only a block that adds up is expanded.
 * Format: https://github.com/google/snappy/blob/main/format_description.txt
 */

/** The expanded length that the block's head declares, and where its elements begin. */
export interface SnappyHead {
  readonly uncompressedBytes: number;
  readonly start: number;
}

/** Reads the head of a block: a varint of at most 32 bits. Undefined where there is none. */
export function readSnappyHead(body: Uint8Array): SnappyHead | undefined {
  let length = 0;
  // What the bits of the next byte stand for. Multiplied, because shifts would cut off the last ones.
  let place = 1;
  for (let i = 0; i < 5; i++) {
    const byte = body[i];
    if (byte === undefined) {
      return undefined;
    }
    length += (byte & 0x7f) * place;
    if (byte < 0x80) {
      return length < 2 ** 32 ? { uncompressedBytes: length, start: i + 1 } : undefined;
    }
    place *= 128;
  }
  return undefined;
}

/**
 * Walks all elements of a block.
 * @returns undefined when they produce exactly the declared length, else what is wrong, with the byte where it is.
 */
export function findSnappyFault(body: Uint8Array, head: SnappyHead): string | undefined {
  let position = head.start;
  let produced = 0;
  while (position < body.length) {
    const element = readElement(body, position);
    if (!element || element.next > body.length) {
      return `element at byte ${position} runs past the end`;
    }
    if (element.offset !== undefined && (element.offset === 0 || element.offset > produced)) {
      return `copy at byte ${position} refers to before the beginning`;
    }
    produced += element.length;
    if (produced > head.uncompressedBytes) {
      return `more than the declared ${head.uncompressedBytes} bytes`;
    }
    position = element.next;
  }
  return produced === head.uncompressedBytes
    ? undefined
    : `${produced} bytes where ${head.uncompressedBytes} were declared`;
}

interface Element {
  /** Bytes it produces. */
  readonly length: number;
  /** How far back a copy reaches; undefined for a literal. */
  readonly offset?: number;
  readonly next: number;
}

function readElement(body: Uint8Array, position: number): Element | undefined {
  const tag = body[position] ?? 0;
  const size = tag >>> 2;
  switch (tag & 3) {
    case 0:
      return readLiteral(body, position, size);
    case 1: {
      const low = readLittleEndian(body, position + 1, 1);
      return low === undefined
        ? undefined
        : { length: (size & 7) + 4, offset: (tag >>> 5) * 256 + low, next: position + 2 };
    }
    default: {
      const width = (tag & 3) === 2 ? 2 : 4;
      const offset = readLittleEndian(body, position + 1, width);
      return offset === undefined ? undefined : { length: size + 1, offset, next: position + 1 + width };
    }
  }
}

function readLiteral(body: Uint8Array, position: number, size: number): Element | undefined {
  if (size < 60) {
    return { length: size + 1, next: position + 1 + size + 1 };
  }
  const width = size - 59;
  const long = readLittleEndian(body, position + 1, width);
  return long === undefined ? undefined : { length: long + 1, next: position + 1 + width + long + 1 };
}

function readLittleEndian(body: Uint8Array, position: number, width: number): number | undefined {
  let value = 0;
  for (let i = width - 1; i >= 0; i--) {
    const byte = body[position + i];
    if (byte === undefined) {
      return undefined;
    }
    value = value * 256 + byte;
  }
  return value;
}
