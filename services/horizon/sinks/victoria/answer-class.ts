/**
 * What an HTTP status means to a sender of remote-write (DESIGN 5.7). `refused`: the same bytes will never be taken.
 * `later`: anything else, wrong keys and paths too, because those are set right by people and the data should wait.
 */
export function classifyStatus(status: number): "accepted" | "refused" | "later" {
  if (status >= 200 && status < 300) {
    return "accepted";
  }
  return status === 400 || status === 409 || status === 413 || status === 415 ? "refused" : "later";
}

/**
 * What it means to a sender of something that the store can do without, and that is not worth waiting for somebody to
 * set a key or a path right: any 4xx but those that ask to come back is a refusal.
 */
export function classifyOffer(status: number): "accepted" | "refused" | "later" {
  if (status >= 400 && status < 500) {
    return status === 408 || status === 429 ? "later" : "refused";
  }
  return classifyStatus(status);
}

/**
 * How long a store asks to be left alone, in ms.
 * @param header the value of Retry-After: seconds or an HTTP date; anything else counts as 0.
 */
export function parseRetryAfter(header: unknown, nowMs: number): number {
  if (typeof header !== "string" || header === "") {
    return 0;
  }
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

/**
 * How long to wait before a further attempt, in ms: doubling, and between half and all of that so that many senders
 * do not come back at once.
 * @param attempt attempts made so far, from 1. @param random 0 ≤ x < 1.
 */
export function backoffMs(attempt: number, random: number): number {
  return 250 * 2 ** (attempt - 1) * (0.5 + random / 2);
}
