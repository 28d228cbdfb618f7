/*
 * Why Flux did not store something. Each word is a metric label value, a row of docs/reasons.md and the subject of a
 * test; nothing is dropped or refused for a reason that is not here.
 */

/** The configuration asked for it: the sender is told that all is well. Counted in samples. */
export const DROP_REASONS = ["drop_metrics", "overwritten_in_request", "nan_not_storable", "over_quota"] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** The series itself cannot be taken: the sender is told, and its other series are stored. Counted in samples. */
export const SERIES_REFUSALS = [
  "missing_metric_name",
  "empty_label_name",
  "duplicate_label_name",
  "invalid_utf8",
  "too_many_labels",
  "label_name_too_long",
  "label_value_too_long",
  "series_too_long",
  "not_readable_by_skyline",
  "timestamp_out_of_range",
  "sample_too_old",
  "sample_too_far_ahead",
  "native_histogram",
  "series_limit",
] as const;
export type SeriesRefusal = (typeof SERIES_REFUSALS)[number];

/** A line or an item that cannot be read: the sender is told, and the others are stored. Counted as one sample each. */
export const PART_REFUSALS = ["unreadable"] as const;

/** Redis did not take the samples: the sender is told to try again. Counted in samples. */
export const BUFFER_REFUSALS = ["buffer_unavailable", "buffer_full"] as const;
export type BufferRefusal = (typeof BUFFER_REFUSALS)[number];

/** Metadata that is not kept: the sender is told that all is well, and its samples are stored. Counted in entries. */
export const METADATA_DROPS = ["invalid", "overwritten_in_request", "over_limit", "store_unavailable"] as const;
export type MetadataDrop = (typeof METADATA_DROPS)[number];

/** The request was refused before its samples were known. Counted in requests. */
export const REQUEST_REFUSALS = [
  "malformed_http",
  "headers_too_large",
  "request_timeout",
  "method_not_allowed",
  "no_key",
  "bad_key",
  "unknown_key",
  "foreign_tenant",
  "no_tenant",
  "no_server",
  "bad_identity",
  "bad_rules",
  "over_sample_rate",
  "over_byte_rate",
  "too_many_requests",
  "unsupported_type",
  "unsupported_encoding",
  "body_too_large",
  "body_incomplete",
  "malformed_encoding",
  "malformed_snappy",
  "malformed_protobuf",
  "malformed_json",
  "no_metrics",
  "bad_precision",
  "too_many_metrics",
  "memory_full",
  "shutting_down",
] as const;
export type RequestRefusal = (typeof REQUEST_REFUSALS)[number];

/** Anything that keeps a request from a plain 204. */
export type RefusalCode = RequestRefusal | BufferRefusal | "invalid_series";

/** A request, or a part of it, that is not stored: what to count it as, and what to tell the sender. */
export interface Refusal {
  readonly ok: false;
  readonly code: RefusalCode;
  readonly detail: string;
  /** What is to be answered where that is the tenant's choice, and when the sender may come back if that is known. */
  readonly later?: { readonly status: 429 | 503; readonly retryAfterSeconds?: number };
}
