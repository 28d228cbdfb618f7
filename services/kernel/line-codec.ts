import type { DecodedWriteRequest } from "./codec.ts";

/*
 * What Flux asks of a codec that reads plain lines of line protocol; `assembly/line-walk.ts` says which lines are plain.
 * The others are read by `services/flux/formats`, which has the words for what is wrong, and join the plain ones here.
 */

/** The unit of timestamps. `auto`: each timestamp's own, told by how large it is. The kernel knows them by position. */
export const TIME_UNITS = ["ns", "us", "ms", "s", "m", "h", "auto"] as const;

/** How to read a body. */
export interface LineTerms {
  readonly unit: (typeof TIME_UNITS)[number];
  /** Of lines without a time: milliseconds since 1970. */
  readonly nowMs: number;
  /** Whether only what Prometheus' adapters write is plain. */
  readonly isAdapter: boolean;
  /** Whether fields that are strings are no samples, and no fault; else lines that have any are not plain. */
  readonly skipsStrings: boolean;
  /** All that labels depend on beside the line. Its first byte is not that of label fields. */
  readonly head: Uint8Array;
  /** The label fields (`RawSeries.rawLabels`) of what a series is recognised by: head, key of the line, space, field. */
  readonly labelsOf: (recognised: Buffer) => string;
  /** Most bytes that series are recognised by, of all samples together. */
  readonly maxLabelBytes: number;
}

/** A place in a body where a line begins. */
export interface LinePlace {
  readonly position: number;
  /** From 1. */
  readonly lineNumber: number;
}

/** A body that is being read. Undefined, of any method: it cannot be read in this way after all. */
export interface PlainLines {
  /** Reads plain lines. @returns where the first one that is not plain begins, or the end of the body. */
  walk(from: LinePlace): LinePlace | undefined;
  /** Adds a sample of a line that is not plain. @param rawLabels the label fields of its series. */
  add(rawLabels: string, timestampMs: number, value: number): void;
  finish(): PlainRequest | undefined;
}

/** What a body held. */
export interface PlainRequest {
  /** One series for each sample. */
  readonly request: DecodedWriteRequest;
  /** Fields of plain lines that are strings. */
  readonly skippedStrings: number;
}

export interface LineCodec {
  /** Begins with a body of valid UTF-8 without NUL. The request at hand is forgotten. */
  openLines(body: Buffer, terms: LineTerms): PlainLines;
}
