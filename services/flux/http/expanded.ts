/** A body that cannot be expanded. */
export interface ExpandRefusal {
  readonly ok: false;
  readonly code: "body_too_large" | "malformed_encoding" | "unsupported_encoding";
  readonly detail: string;
}

export type Expanded = { ok: true; bytes: Buffer } | ExpandRefusal;

/** @param actual what the body does, with its size: "expands to more than 10 bytes". */
export function tooLarge(actual: string, maxBytes: number): ExpandRefusal {
  return {
    ok: false,
    code: "body_too_large",
    detail: `the body ${actual}, at most ${maxBytes} are taken (FLUX_MAX_UNCOMPRESSED_BYTES)`,
  };
}

export function malformed(detail: string): ExpandRefusal {
  return { ok: false, code: "malformed_encoding", detail };
}
