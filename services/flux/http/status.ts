import type { RefusalCode } from "../reasons.ts";

/*
 * The one table from refusal to HTTP status. The question behind each row: could the same bytes ever succeed? Only
 * then may the answer be 5xx, because a sender must repeat those and may not repeat 4xx (remote-write 1.0).
 */

interface Status {
  readonly status: number;
  /** Whether the answer carries Retry-After. */
  readonly retry: boolean;
}

const final = (status: number): Status => ({ status, retry: false });
const later = (status: number): Status => ({ status, retry: true });

export const STATUS_OF: Readonly<Record<RefusalCode, Status>> = {
  malformed_http: final(400),
  headers_too_large: final(431),
  // Not 408, for which senders give data up: a slow line, or a Flux that is too busy to read, is not the data's fault.
  request_timeout: later(503),
  method_not_allowed: final(405),
  no_key: final(401),
  bad_key: final(401),
  unknown_key: final(403),
  foreign_tenant: final(403),
  no_tenant: final(400),
  no_server: final(400),
  bad_identity: final(400),
  bad_rules: final(400),
  over_sample_rate: later(503),
  over_byte_rate: later(503),
  too_many_requests: later(503),
  unsupported_type: final(415),
  unsupported_encoding: final(415),
  body_too_large: final(413),
  // Heard behind a proxy that has lost patience.
  body_incomplete: later(503),
  malformed_encoding: final(400),
  malformed_snappy: final(400),
  malformed_protobuf: final(400),
  malformed_json: final(400),
  no_metrics: final(400),
  bad_precision: final(400),
  too_many_metrics: final(400),
  invalid_series: final(400),
  buffer_unavailable: later(503),
  buffer_full: later(503),
  memory_full: later(503),
  shutting_down: later(503),
};
