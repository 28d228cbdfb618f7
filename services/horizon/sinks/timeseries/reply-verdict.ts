/*
 * What RedisTimeSeries answers to one element of TS.MADD, or to TS.CREATE, sorted by what follows from it. The module
 * begins its own complaints with "TSDB:", and those are about the data, as are Redis' about a command's arguments, which
 * come from labels; anything else (OOM, READONLY, LOADING, MISCONF, NOPERM, unknown command, …) is about the server,
 * which may well take the same data later.
 */

export type ReplyVerdict =
  | { kind: "stored" }
  /** There is no such series, or something else has its key: creating it tells. */
  | { kind: "no_series" }
  | { kind: "exists" }
  | { kind: "too_old" }
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
