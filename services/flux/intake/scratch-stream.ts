import { TextSeriesIndex } from "../../kernel/text-series-index.ts";
import { SeriesTable, type StreamSeries } from "./series-table.ts";
import type { Stream } from "./stream.ts";

/**
 * A stream with the sender and the rules of another one, that has seen no series yet and that no other request will
 * see: for finding out what would happen. It remembers everything that one request can hold.
 * @param maxSeries how many series it is going to be asked about.
 */
export function scratchStream(stream: Stream, maxSeries: number): StreamSeries {
  // A table forgets when its young half is full, and that of this one never is.
  return new SeriesTable(new TextSeriesIndex(), maxSeries + 1).openStream(stream);
}
