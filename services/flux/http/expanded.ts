import type { Refusal } from "../reasons.ts";

/** A body that was expanded, or why it could not be. */
export type Expanded = { ok: true; bytes: Buffer } | Refusal;

/** @param actual what the body does, with its size: "expands to more than 10 bytes". */
export function tooLarge(actual: string, maxBytes: number): Refusal {
  return {
    ok: false,
    code: "body_too_large",
    detail: `the body ${actual}, at most ${maxBytes} are taken (FLUX_MAX_UNCOMPRESSED_BYTES)`,
  };
}

export function malformed(detail: string): Refusal {
  return { ok: false, code: "malformed_encoding", detail };
}
