import type { SkipReason } from "../../reasons.ts";

/** The times that samples may have, in ms since 1970. */
export interface TimeBounds {
  readonly oldestMs: number;
  readonly newestMs: number;
}

/**
 * Times within a retention of now, on either side. An older sample would bring back a series that was deleted because
 * it got no more; after one that is further ahead the module would refuse all others as too old.
 */
export function storableTimes(nowMs: number, retentionMs: number): TimeBounds {
  return { oldestMs: nowMs - retentionMs, newestMs: nowMs + retentionMs };
}

/** Why RedisTimeSeries cannot or should not hold a sample, or undefined when it can. */
export function whyNotStorable(timestampMs: number, value: number, times: TimeBounds): SkipReason | undefined {
  if (Number.isNaN(value)) {
    return "nan_not_storable";
  }
  if (!Number.isFinite(value)) {
    return "infinity_not_storable";
  }
  if (timestampMs < 0) {
    return "negative_timestamp";
  }
  if (timestampMs < times.oldestMs) {
    return "older_than_retention";
  }
  return timestampMs > times.newestMs ? "too_far_ahead" : undefined;
}
