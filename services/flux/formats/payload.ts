import type { DecodedWriteRequest } from "../../kernel/codec.ts";

/** A part of a payload, a line or an item, that could not be read. The others are stored. */
export interface InvalidPart {
  /** Where it stands, for people: `line 3` or `metrics[2]`, counted as the format's users count. */
  readonly where: string;
  /** What is wrong with it, for people. Short; any quotation of the part is cut. */
  readonly detail: string;
}

/** What a body holds, whatever its format. */
export interface Payload {
  readonly request: DecodedWriteRequest;
  readonly invalid: readonly InvalidPart[];
  /** Fields of line protocol that are strings: they are no samples, and that is no fault. */
  readonly skippedStringFields?: number;
  /** Tags of line protocol whose values were joined, because their names came out the same as labels. */
  readonly joinedTags?: number;
}
