/*
 * Every reason that Horizon counts under. They are values of the `reason` label of its metrics and rows of the
 * documentation; `claimed = written + skipped + dead` holds per sink and tenant only because nothing else exists.
 */

/** Why a sink does not hold a sample although nothing is wrong with the sample. */
export const SKIP_REASONS = [
  /** SKIP_LIST names its series and DO_NOT_SKIP_LIST does not. */
  "skip_list",
  /** RedisTimeSeries cannot hold NaN, stale markers included. */
  "nan_not_storable",
  /** RedisTimeSeries cannot hold +Inf and -Inf. */
  "infinity_not_storable",
  /** RedisTimeSeries cannot hold times before 1970. */
  "negative_timestamp",
  /** Its bucket of RTS_RESOLUTION_SECONDS has a newer sample, or another one of the same time. */
  "older_in_bucket",
  /** Its series holds only FULL_DURATION, counted from its newest sample and from now. */
  "older_than_retention",
  /** It is more than FULL_DURATION ahead of now: its series would refuse all others. */
  "too_far_ahead",
  /** VICTORIAMETRICS_SPREAD is `shard`, and another store has its series. */
  "held_by_other_store",
  /** More than HORIZON_BACKLOG_MAX_BYTES waited for the sink, and this was the oldest. */
  "backlog_too_large",
  /** It waited for the sink longer than HORIZON_BACKLOG_MAX_AGE_SECONDS. */
  "backlog_too_old",
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];
/** Why a whole claim was discarded for a sink. */
export type BacklogReason = Extract<SkipReason, "backlog_too_large" | "backlog_too_old">;

/** Why a sample went to the dead letters. */
export const DEAD_REASONS = [
  /** The store refuses it for good; its words are in the dead letter. */
  "refused_by_store",
  /** The registry did not come to know its series within HORIZON_PARK_SECONDS. */
  "unknown_series",
] as const;
export type DeadReason = (typeof DEAD_REASONS)[number];

/** Why a whole block went to the dead letters. Of the first three it is not known how many samples they hold. */
export const DEAD_BLOCK_REASONS = ["unknown_version", "checksum_mismatch", "malformed", "unknown_series"] as const;
export type DeadBlockReason = (typeof DEAD_BLOCK_REASONS)[number];
