import type { DecodedWriteRequest, RawSeries } from "./codec.ts";

/** No number. */
export const NONE = -1;

/**
 * Numbers the label sets of streams: the same stream and the same bytes have the same number as long as they are
 * remembered. What is new goes into a young half and gets the next number there, from 0 on; so does what is looked up and
 * lies in the old half.
 */
export interface SeriesIndex {
  /**
   * The numbers of all series of a request, two entries for each: its number; and the one that it had in the old half, where
   * it came from there right now, else NONE. They stand until the index is called again.
   */
  numberAll(stream: number, request: DecodedWriteRequest): Int32Array;
  /** The same for one series. */
  numberOne(stream: number, series: RawSeries): Int32Array;
  /** Forgets the old half; the young one becomes the old. */
  turnHalves(): void;
  forgetAll(): void;
  /** Changes when everything was forgotten because the index had to be made anew. */
  readonly incarnation: number;
}
