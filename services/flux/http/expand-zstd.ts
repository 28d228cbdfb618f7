import { ZSTDDecoder } from "zstddec";
import { type Expanded, malformed, tooLarge } from "./expanded.ts";
import type { Memory } from "./memory-budget.ts";
import { measureZstd } from "./zstd-frames.ts";

/** What every decoder has to be able to hold (RFC 8878, 3.1.1.1.2). */
const SMALLEST_WINDOW_LIMIT = 8 * 1024 * 1024;

/**
 * Expands zstd with the reference implementation, compiled to WebAssembly. It gets a buffer of at most `maxBytes`,
 * shared by all calls and never given back, and stops when that is full; the window is a part of it.
 * The decoder tells of an error only by returning nothing, so the frames are walked first: that finds what most bodies
 * are wrong in, refuses what is too large before anything is expanded, and says how large a buffer is large enough.
 */
export async function expandZstd(body: Buffer, maxBytes: number, memory: Memory): Promise<Expanded> {
  const measured = measureZstd(body);
  if (!measured.ok) {
    return malformed(measured.detail);
  }
  const { atLeastBytes, atMostBytes, widestWindowBytes } = measured;
  if (atLeastBytes > maxBytes) {
    return tooLarge(`expands to at least ${atLeastBytes} bytes`, maxBytes);
  }
  const windowLimit = Math.max(maxBytes, SMALLEST_WINDOW_LIMIT);
  if (widestWindowBytes > windowLimit) {
    return tooLarge(`asks for a window of ${widestWindowBytes} bytes`, windowLimit);
  }
  if (atMostBytes === 0) {
    return { ok: true, bytes: Buffer.alloc(0) };
  }
  const decoder = new ZSTDDecoder();
  await decoder.init();
  const largest = Math.min(atMostBytes, maxBytes);
  const room = memory.take(largest);
  if (!room.ok) {
    return room;
  }
  const bytes = decoder.decode(body, largest);
  memory.give(largest - bytes.length);
  if (bytes.length > 0) {
    return { ok: true, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
  }
  return atMostBytes <= maxBytes
    ? malformed("the body is not zstd: a block or a checksum is corrupt")
    : tooLarge(`expands to more than ${maxBytes} bytes, or a block is corrupt`, maxBytes);
}
