import type { Label } from "../shared/series.ts";
import type { LineCodec } from "./line-codec.ts";

/*
 * What Flux asks of a codec. `reference.ts` is the plain one, on protobufjs and snappyjs; a faster one has to give
 * the same answers for every input.
 */

/**
 * Most series, and most samples, of one request. Senders send thousands; but a series may be two bytes in the body, and
 * each is a hundred in memory.
 */
export const MAX_ROWS = 1_048_576;

/** Why a body could not be read. The request is refused whole: nothing after such a fault can be trusted. */
export type BodyFault = "malformed_snappy" | "malformed_protobuf" | "body_too_large";
export type BodyRefusal = { ok: false; code: BodyFault; detail: string };

/** One TimeSeries message. Its samples are rows `firstSample … firstSample + sampleCount - 1` of the columns. */
export interface RawSeries {
  /**
   * The bytes of its Label fields as they came, one character a byte: what a series is recognised by. Some codecs make
   * this text when it is asked for, and can only until they read the next request.
   */
  readonly rawLabels: string;
  readonly firstSample: number;
  readonly sampleCount: number;
  readonly histogramCount: number;
  readonly exemplarCount: number;
}

/** The series of a request: an array, or what makes them one by one when they are asked for. */
export interface SeriesList extends Pick<readonly RawSeries[], "length" | "at" | "entries" | "map"> {
  [Symbol.iterator](): IterableIterator<RawSeries>;
}

/** A remote-write 1.0 WriteRequest. */
export interface DecodedWriteRequest {
  readonly series: SeriesList;
  /** Whether each series has one sample and nothing else: that of series i is then row i. */
  readonly hasOneSampleEach: boolean;
  /** Bytes of all label fields together. */
  readonly labelBytes: number;
  /** Milliseconds since 1970; beyond ±2^53 not exact, and refused by validation. */
  readonly timestampsMs: Float64Array;
  /** The 64 bits of each value as they came. */
  readonly valueBits: BigUint64Array;
  /** What it says about metric families, in the order of the request; a family may occur more than once. */
  readonly metadata: readonly MetadataEntry[];
  /** MetricMetadata messages that are not in `metadata`. None of them is a fault of the request. */
  readonly unreadMetadata: UnreadMetadata;
}

/** A MetricMetadata message: what a metric family is. */
export interface MetadataEntry {
  /** Number of the type as remote-write has it, 0 (unknown) to 7; `METRIC_TYPES` in `registry-record.ts` names them. */
  readonly type: number;
  /** Never empty. For a histogram `x` it is `x`, not `x_bucket`. */
  readonly familyName: string;
  readonly help: string;
  readonly unit: string;
}

export interface UnreadMetadata {
  /** Malformed, not UTF-8, without a family name, or with a text that is too long. */
  readonly invalid: number;
  /** More than one request may bring. */
  readonly overLimit: number;
}

/** The labels of a series as they came: not sorted, not checked, but known to be UTF-8. */
export type DecodedLabels = { ok: true; labels: Label[] } | { ok: false; fault: "malformed_protobuf" | "invalid_utf8" };

/** Whose series it is, and what rules are about. */
export interface SeriesTerms {
  /** Tenant and server are ASCII, at most 255 characters each. */
  readonly tenant: string;
  readonly server: string;
  /** Names of labels that a rule may take away. */
  readonly ruledLabels: readonly string[];
}

/** Words of a row of `SeriesRecords`, and where in it stands what. The id is two words, the low one first. */
export const RECORD_ROW_WORDS = 8;
export const RECORD_ROW = {
  start: 0,
  bytes: 1,
  id: 2,
  labels: 4,
  nameBytes: 5,
  valueBytes: 6,
} as const;

/** What the registry is to hold of some series. */
export interface SeriesRecords {
  /**
   * The records (`registry-record.ts`), one behind the other, each behind its length (`registrations.ts`), of unknown type, the
   * owner's labels among theirs.
   */
  readonly bytes: Buffer;
  /**
   * For each series a row: where its record starts and how many bytes it has, its first-choice id (`series-id.ts`), how many
   * labels, and the bytes of the longest name and value. No bytes: its record has to be made label by label.
   */
  readonly rows: Int32Array;
}

/** Some read lines too. */
export interface Codec extends Partial<LineCodec> {
  /**
   * Reads a WriteRequest (`proto/prometheus/remote.proto`) from a snappy block (not the framed format) of at most
   * `maxBytes` expanded bytes. Labels are left as bytes: see `decodeLabels`.
   */
  readWriteRequest(body: Buffer, maxBytes: number): ReadWriteRequest;
  /** Reads the labels that `readWriteRequest` left as bytes. */
  decodeLabels(rawLabels: string): DecodedLabels;
  /**
   * Makes the records of some series of a request at once, as far as it can: not where a series has a label that a rule is
   * about, or for whatever reason. @returns undefined where it can for none.
   */
  recordsOf(request: DecodedWriteRequest, positions: readonly number[], terms: SeriesTerms): SeriesRecords | undefined;
}

export type ReadWriteRequest = { ok: true; request: DecodedWriteRequest } | BodyRefusal;
