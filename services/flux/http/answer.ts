import type { Refusal } from "../reasons.ts";
import { STATUS_OF } from "./status.ts";

/** What goes back to a sender. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text; absent for 204. */
  readonly body?: string;
}

/** Everything that no rule dropped is in Redis. */
export const STORED: Answer = { status: 204, headers: {} };

/**
 * The answer to a refusal. The body has Skyline's shape, `{"code": 400, "message": "…"}`; senders log its first words.
 * @param retryAfterSeconds what Retry-After says where trying again makes sense.
 */
export function refusalAnswer({ code, detail, later }: Refusal, retryAfterSeconds: number): Answer {
  const { status, retry } = later ? { status: later.status, retry: true } : STATUS_OF[code];
  return {
    status,
    headers: {
      ...(retry && { "retry-after": String(later?.retryAfterSeconds ?? retryAfterSeconds) }),
      ...(code === "method_not_allowed" && { allow: "POST" }),
    },
    // Skyline's own words where it has any.
    body: JSON.stringify({ code: status, message: code === "too_many_metrics" ? detail : `${code}: ${detail}` }),
  };
}
