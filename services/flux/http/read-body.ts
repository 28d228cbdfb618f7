import type { Readable } from "node:stream";
import type { Refusal } from "../reasons.ts";

/**
 * Reads a request body of at most `maxBytes`. A length declared in advance is checked before anything is read; a body
 * that turns out longer is left where it stands.
 * @param stream the body, or all of it where somebody has read it before.
 * @param declaredLength the Content-Length header, if there is one.
 */
export async function readBody(
  stream: Readable | Buffer,
  declaredLength: string | undefined,
  maxBytes: number,
): Promise<{ ok: true; body: Buffer } | Refusal> {
  if (declaredLength !== undefined && Number(declaredLength) > maxBytes) {
    return tooLarge(`${declaredLength} bytes`, maxBytes);
  }
  if (Buffer.isBuffer(stream)) {
    return { ok: true, body: stream };
  }
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      const bytes: Buffer = chunk;
      length += bytes.length;
      if (length > maxBytes) {
        return tooLarge(`more than ${maxBytes} bytes`, maxBytes);
      }
      chunks.push(bytes);
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, code: "body_incomplete", detail: `the body ended after ${length} bytes: ${why}` };
  }
  return { ok: true, body: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) };
}

function tooLarge(actual: string, maxBytes: number): Refusal {
  return {
    ok: false,
    code: "body_too_large",
    detail: `the body has ${actual}, at most ${maxBytes} are taken (FLUX_MAX_BODY_BYTES)`,
  };
}
