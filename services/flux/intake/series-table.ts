import type { SeriesId } from "../../shared/series.ts";
import type { KnownSeries, Stream, Verdict } from "./stream.ts";

/**
 * Remembers the verdict about every series that was seen lately, for all streams together, within a bound: what is
 * new goes into a young half; when that is full it becomes the old half and the old one is thrown away. A series
 * that is met in the old half moves to the young one, so only what nobody sends any more is forgotten.
 */
export class SeriesTable {
  readonly #halfSize: number;
  readonly #streams = new Set<StreamSeries>();
  #youngCount = 0;
  #oldCount = 0;
  #requests = 0;

  /** @param maxSeries most verdicts to remember. */
  constructor(maxSeries: number) {
    this.#halfSize = Math.max(1, Math.floor(maxSeries / 2));
  }

  /** Verdicts remembered now, at most. */
  get size(): number {
    return this.#youngCount + this.#oldCount;
  }

  /** The part of the table that belongs to one stream, until `closeStream`. */
  openStream(stream: Stream): StreamSeries {
    const series = new StreamSeries(stream, this);
    this.#streams.add(series);
    return series;
  }

  closeStream(series: StreamSeries): void {
    this.#streams.delete(series);
  }

  /** The number of the next request: see `KnownSeries.lastRequest`. */
  nextRequest(): number {
    this.#requests++;
    return this.#requests;
  }

  /** Called by a stream when it has put one more verdict into its young half. */
  countYoung(): void {
    this.#youngCount++;
    if (this.#youngCount < this.#halfSize) {
      return;
    }
    this.#oldCount = this.#youngCount;
    this.#youngCount = 0;
    for (const stream of this.#streams) {
      stream.forgetOld();
    }
  }
}

/** The verdicts of one stream, by raw label bytes; and its kept series, by the id that they wanted first. */
export class StreamSeries {
  readonly stream: Stream;
  readonly #table: SeriesTable;
  #young = new Map<string, Verdict>();
  #old = new Map<string, Verdict>();
  #youngById = new Map<SeriesId, KnownSeries>();
  #oldById = new Map<SeriesId, KnownSeries>();

  constructor(stream: Stream, table: SeriesTable) {
    this.stream = stream;
    this.#table = table;
  }

  nextRequest(): number {
    return this.#table.nextRequest();
  }

  /** The verdict about a series, if it is remembered. */
  find(rawLabels: string): Verdict | undefined {
    const young = this.#young.get(rawLabels);
    if (young) {
      return young;
    }
    const old = this.#old.get(rawLabels);
    if (old) {
      this.remember(rawLabels, old);
    }
    return old;
  }

  /** A kept series of this stream, if it is remembered. */
  findById(id: SeriesId): KnownSeries | undefined {
    return this.#youngById.get(id) ?? this.#oldById.get(id);
  }

  /** Remembers a verdict. */
  remember(rawLabels: string, verdict: Verdict): void {
    this.#young.set(rawLabels, verdict);
    if (verdict.kind === "keep") {
      this.#youngById.set(verdict.series.id, verdict.series);
    }
    this.#table.countYoung();
  }

  /** Called by the table when the halves change places. */
  forgetOld(): void {
    this.#old = this.#young;
    this.#oldById = this.#youngById;
    this.#young = new Map();
    this.#youngById = new Map();
  }
}
