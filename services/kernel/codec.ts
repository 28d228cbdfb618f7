import type { Label } from "../shared/series.ts";

/*
 * What Flux asks of a codec. `reference.ts` is the plain one, on protobufjs and snappyjs; a faster one has to give
 * the same answers for every input.
 */

/** Why a body could not be read. The request is refused whole: nothing after such a fault can be trusted. */
export type BodyFault = "malformed_snappy" | "malformed_protobuf" | "body_too_large";
export type BodyRefusal = { ok: false; code: BodyFault; detail: string };

/** One TimeSeries message. Its samples are rows `firstSample … firstSample + sampleCount - 1` of the columns. */
export interface RawSeries {
  /** The bytes of its Label fields as they came, one character a byte: what a series is recognised by. */
  readonly rawLabels: string;
  readonly firstSample: number;
  readonly sampleCount: number;
  readonly histogramCount: number;
  readonly exemplarCount: number;
}

/** A remote-write 1.0 WriteRequest. */
export interface DecodedWriteRequest {
  readonly series: readonly RawSeries[];
  /** Milliseconds since 1970; beyond ±2^53 not exact, and refused by validation. */
  readonly timestampsMs: Float64Array;
  /** The 64 bits of each value as they came. */
  readonly valueBits: BigUint64Array;
  /** MetricMetadata messages in the request. */
  readonly metadataCount: number;
}

/** The labels of a series as they came: not sorted, not checked, but known to be UTF-8. */
export type DecodedLabels = { ok: true; labels: Label[] } | { ok: false; fault: "malformed_protobuf" | "invalid_utf8" };

export interface Codec {
  /** Expands a snappy block (not the framed format) of at most `maxBytes` expanded bytes. */
  uncompress(body: Buffer, maxBytes: number): { ok: true; bytes: Buffer } | BodyRefusal;
  /** Reads a WriteRequest (`proto/prometheus/remote.proto`). Labels are left as bytes: see `decodeLabels`. */
  decodeWriteRequest(bytes: Buffer): { ok: true; request: DecodedWriteRequest } | BodyRefusal;
  /** Reads the labels that `decodeWriteRequest` left as bytes. */
  decodeLabels(rawLabels: string): DecodedLabels;
}
