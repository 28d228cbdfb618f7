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
export function refusalAnswer({ code, detail }: Refusal, retryAfterSeconds: number): Answer {
  const { status, retry } = STATUS_OF[code];
  return {
    status,
    headers: {
      ...(retry && { "retry-after": String(retryAfterSeconds) }),
      // The rest of the body is not going to be read, so the connection cannot carry another request.
      ...((code === "body_too_large" || code === "shutting_down") && { connection: "close" }),
      ...(code === "method_not_allowed" && { allow: "POST" }),
    },
    body: JSON.stringify({ code: status, message: `${code}: ${detail}` }),
  };
}
