import type { SkipReason } from "../../reasons.ts";

/** Why RedisTimeSeries cannot hold a sample, or undefined when it can. */
export function whyNotStorable(timestampMs: number, value: number): SkipReason | undefined {
  if (Number.isNaN(value)) {
    return "nan_not_storable";
  }
  if (!Number.isFinite(value)) {
    return "infinity_not_storable";
  }
  return timestampMs < 0 ? "negative_timestamp" : undefined;
}
