import type { DecodedWriteRequest, RawSeries } from "./codec.ts";

/** No number. */
export const NONE = -1;

/**
 * Numbers the label sets of streams: the same stream and the same bytes have the same number as long as they are
 * remembered. What is new goes into a young half, from 0 on; what is looked up and lies in the old half moves to the
 * young one and gets a new number.
 */
export interface SeriesIndex {
  /**
   * Looks up all series of a request, two entries for each: its number, NONE where it is not there; and the number that
   * it had in the old half, where it came from there right now, else NONE. They stand until the index is called again.
   */
  findAll(stream: number, request: DecodedWriteRequest): Int32Array;
  /** The same for one series. */
  find(stream: number, series: RawSeries): Int32Array;
  /** Numbers a series that is not there. */
  add(stream: number, series: RawSeries): number;
  /** Forgets the old half; the young one becomes the old. */
  turnHalves(): void;
  forgetAll(): void;
  /** Changes when everything was forgotten because the index had to be made anew. */
  readonly incarnation: number;
}
