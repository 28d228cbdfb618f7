import type { SeriesTable, StreamSeries } from "./series-table.ts";
import type { Stream } from "./stream.ts";

/**
 * The streams in use, by what sets them apart: the words of their headers. The least recently used is forgotten when
 * there are too many, so that a sender that changes its headers all the time costs no memory.
 */
export class StreamTable {
  readonly #streams = new Map<string, StreamSeries>();
  readonly #maxStreams: number;
  readonly #series: SeriesTable;

  constructor(series: SeriesTable, maxStreams: number) {
    this.#series = series;
    this.#maxStreams = maxStreams;
  }

  find(key: string): StreamSeries | undefined {
    const found = this.#streams.get(key);
    if (found) {
      this.#streams.delete(key);
      this.#streams.set(key, found);
    }
    return found;
  }

  open(key: string, stream: Stream): StreamSeries {
    const opened = this.#series.openStream(stream);
    this.#streams.set(key, opened);
    const [oldest] = this.#streams;
    if (this.#streams.size > this.#maxStreams && oldest) {
      this.#streams.delete(oldest[0]);
      this.#series.closeStream(oldest[1]);
    }
    return opened;
  }

  /** Forgets every stream: the rules have changed. */
  clear(): void {
    for (const stream of this.#streams.values()) {
      this.#series.closeStream(stream);
    }
    this.#streams.clear();
  }
}
