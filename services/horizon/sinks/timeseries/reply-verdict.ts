import { RetryableError } from "../../retryable-error.ts";

/*
 * What RedisTimeSeries answers to one sample, to TS.CREATE or TS.ALTER, sorted by what follows from it. The module
 * begins its own complaints with "TSDB:", and those are about the data, as are Redis' about a command's arguments, which
 * come from labels, and MISLABELLED, which is `write-points.lua`'s own; anything else (OOM, READONLY, LOADING, MISCONF, NOPERM, unknown command, …) is about the server,
 * which may well take the same data later.
 */

export type ReplyVerdict =
  | { kind: "stored" }
  /** There is no such series, or something else has its key: creating it tells. */
  | { kind: "no_series" }
  | { kind: "exists" }
  | { kind: "too_old" }
  /** The series has other labels than it should have, or refuses to be written twice at one time. */
  | { kind: "misshapen"; words: string }
  | { kind: "refused"; words: string }
  | { kind: "unavailable"; words: string };

/** Reads one reply, which is an Error where Redis sent one. */
export function judgeReply(reply: unknown): ReplyVerdict {
  if (!(reply instanceof Error)) {
    return { kind: "stored" };
  }
  const words = reply.message.replace(/^ERR /, "");
  if (/^(wrong number of arguments|syntax error)/.test(words)) {
    return { kind: "refused", words };
  }
  if (words.startsWith("MISLABELLED") || /DUPLICATE_POLICY is set to BLOCK/i.test(words)) {
    return { kind: "misshapen", words };
  }
  if (!words.startsWith("TSDB:")) {
    return words.startsWith("WRONGTYPE") ? { kind: "no_series" } : { kind: "unavailable", words };
  }
  if (/key is not a TSDB key|key does not exist/i.test(words)) {
    return { kind: "no_series" };
  }
  if (/key already exists/i.test(words)) {
    return { kind: "exists" };
  }
  return /older than retention/i.test(words) ? { kind: "too_old" } : { kind: "refused", words };
}

/** Reads one reply. @throws RetryableError when the server may take the same later. */
export function judgeOrThrow(reply: unknown): ReplyVerdict {
  const verdict = judgeReply(reply);
  if (verdict.kind === "unavailable") {
    throw new RetryableError(`cannot write to RedisTimeSeries: ${verdict.words}`);
  }
  return verdict;
}
