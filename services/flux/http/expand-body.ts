import { createGunzip, createInflate, createInflateRaw, type Gunzip, type Inflate, type InflateRaw } from "node:zlib";
import { expandZstd } from "./expand-zstd.ts";
import { type Expanded, malformed, tooLarge } from "./expanded.ts";
import { GrowingBuffer } from "./growing-buffer.ts";
import type { Memory } from "./memory-budget.ts";

/**
 * Undoes the Content-Encoding of a body. A body that expands to more than `maxBytes` is refused when it gets there.
 * gzip may have several members (RFC 1952, 2.2); deflate is the zlib format or, as some clients send it, the bare one;
 * nothing may follow the data.
 * @param encoding the Content-Encoding header; one encoding, not a list. Empty means identity.
 * @param memory where the expanded bytes are taken from, before they are there.
 */
export async function expandBody(body: Buffer, encoding: string, maxBytes: number, memory: Memory): Promise<Expanded> {
  const name = encoding.trim().toLowerCase();
  switch (name) {
    case "":
    case "identity":
      return body.length > maxBytes ? tooLarge(`has ${body.length} bytes`, maxBytes) : { ok: true, bytes: body };
    case "gzip":
    case "x-gzip":
      return expandZlib(body, { name, engine: createGunzip() }, maxBytes, memory);
    case "deflate":
      return expandZlib(
        body,
        { name, engine: hasZlibHeader(body) ? createInflate() : createInflateRaw() },
        maxBytes,
        memory,
      );
    case "zstd":
      return expandZstd(body, maxBytes, memory);
    default:
      return {
        ok: false,
        code: "unsupported_encoding",
        detail: `Content-Encoding ${JSON.stringify(name.slice(0, 100))} is not taken, only one of gzip, deflate, zstd and identity`,
      };
  }
}

/** @param format.engine fresh; it is used up. */
async function expandZlib(
  body: Buffer,
  { name, engine }: { name: string; engine: Gunzip | Inflate | InflateRaw },
  maxBytes: number,
  memory: Memory,
): Promise<Expanded> {
  const expanded = new GrowingBuffer(memory, maxBytes);
  engine.end(body);
  try {
    for await (const chunk of engine) {
      const bytes: Buffer = chunk;
      // Leaving the loop destroys the engine, and with it what it has not expanded yet.
      if (expanded.length + bytes.length > maxBytes) {
        return tooLarge(`expands to more than ${maxBytes} bytes`, maxBytes);
      }
      const refusal = expanded.add(bytes);
      if (refusal) {
        return refusal;
      }
    }
  } catch (error) {
    return malformed(`the body is not ${name}: ${zlibComplaint(error)}`);
  }
  const rest = body.length - engine.bytesWritten;
  return rest === 0
    ? { ok: true, bytes: expanded.finish() }
    : malformed(`${rest} bytes follow the end of the ${name} data`);
}

/** Compression method 8 and a check sum over the two bytes (RFC 1950, 2.2). Bare deflate begins so only by intent. */
function hasZlibHeader(body: Buffer): boolean {
  return body.length >= 2 && ((body[0] ?? 0) & 0x0f) === 8 && body.readUInt16BE(0) % 31 === 0;
}

/** What zlib says about the data. Anything else that it throws is no fault of the body: thrown on. */
function zlibComplaint(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (!(error instanceof Error) || !["Z_DATA_ERROR", "Z_BUF_ERROR", "Z_NEED_DICT"].includes(String(code))) {
    throw error;
  }
  return error.message;
}
