import { RetryableError } from "../../retryable-error.ts";

/*
 * What RedisTimeSeries complains of one sample, of TS.CREATE or TS.ALTER, sorted by what follows from it. The module
 * begins its own complaints with "TSDB:", and those are about the data, as are Redis' about a command's arguments, which
 * come from labels, and MISLABELLED, which is `write-points.lua`'s own; anything else (OOM, READONLY, LOADING, MISCONF, NOPERM, unknown command, …) is about the server,
 * which may well take the same data later.
 */

export type Complaint =
  /** There is no such series, or something else has its key: creating it tells. */
  | { kind: "no_series" }
  | { kind: "exists" }
  | { kind: "too_old" }
  /** The series has other labels than it should have, or refuses to be written twice at one time. */
  | { kind: "misshapen"; words: string }
  | { kind: "refused"; words: string }
  | { kind: "unavailable"; words: string };

/** Reads the words of one complaint. */
export function judgeComplaint(complaint: string): Complaint {
  const words = complaint.replace(/^ERR /, "");
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

/**
 * Reads what `write-points.lua` and `mend-series.lua` return.
 * @param count how many points or series the script was given.
 * @returns the complaints, by the number of the point or series from 0.
 * @throws RetryableError when the server may take the same later.
 */
export function readComplaints(reply: unknown, count: number): Map<number, Complaint> {
  const [answered, ...groups]: unknown[] = Array.isArray(reply) ? reply : [];
  if (answered !== count) {
    throw new RetryableError(`cannot read the reply of RedisTimeSeries: not ${count} elements`);
  }
  const complaints = new Map<number, Complaint>();
  for (let i = 0; i + 1 < groups.length; i += 2) {
    const complaint = judgeComplaint(String(groups[i]));
    if (complaint.kind === "unavailable") {
      throw new RetryableError(`cannot write to RedisTimeSeries: ${complaint.words}`);
    }
    for (const number of String(groups[i + 1]).split(" ")) {
      complaints.set(Number(number) - 1, complaint);
    }
  }
  return complaints;
}
