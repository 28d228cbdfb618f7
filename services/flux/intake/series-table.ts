import type { DecodedWriteRequest, RawSeries } from "../../kernel/codec.ts";
import { NONE, type SeriesIndex } from "../../kernel/series-index.ts";
import { ByteSpace } from "../../shared/byte-space.ts";
import type { SeriesId } from "../../shared/series.ts";
import type { KnownSeries } from "./known-series.ts";
import { SeriesById } from "./series-by-id.ts";
import type { Stream, Verdict } from "./stream.ts";

/** Bytes of records that the young half may hold for each series that it may have; longer ones turn it earlier. */
const BYTES_PER_SERIES = 1024;
/** At least, so that a small table does not forget within a request what it has just learnt. */
const MIN_HALF_BYTES = 2 ** 24;
/** Large ones leave no holes between what requests take and give back. */
const RECORD_CHUNK_BYTES = 1_048_576;

/**
 * Remembers the verdict about every series that was seen lately, for all streams together, within a bound: what is
 * new goes into a young half; when that is full it becomes the old half and the old one is thrown away. A series
 * that is met in the old half moves to the young one, so only what nobody sends any more is forgotten.
 */
export class SeriesTable {
  readonly #index: SeriesIndex;
  readonly #halfSize: number;
  readonly #halfBytes: number;
  readonly #streams = new Set<StreamSeries>();
  /** By the numbers that the index gives in each half. */
  #young: Verdict[] = [];
  #old: Verdict[] = [];
  readonly #records = new ByteSpace(RECORD_CHUNK_BYTES);
  /** Bytes of records in the young half. */
  #youngBytes = 0;
  #incarnation: number;
  #requests = 0;
  #opened = 0;

  /**
   * @param halfSize verdicts in the young half, but for those of a request that it had already begun with: so many
   * series that are sent again and again are surely remembered, and at most twice as many take memory.
   */
  constructor(index: SeriesIndex, halfSize: number) {
    this.#index = index;
    this.#incarnation = index.incarnation;
    this.#halfSize = halfSize;
    this.#halfBytes = Math.max(halfSize * BYTES_PER_SERIES, MIN_HALF_BYTES);
  }

  /** Verdicts remembered now, at most. */
  get size(): number {
    return this.#young.length + this.#old.length;
  }

  /** The part of the table that belongs to one stream, until `closeStream`. */
  openStream(stream: Stream): StreamSeries {
    this.#opened++;
    const series = new StreamSeries(stream, this.#opened, this);
    this.#streams.add(series);
    return series;
  }

  /** Its verdicts are found no more; they go when the halves turn. */
  closeStream(series: StreamSeries): void {
    this.#streams.delete(series);
  }

  /** The number of the next request: see `KnownSeries.lastRequest`. */
  nextRequest(): number {
    this.#requests++;
    return this.#requests;
  }

  /** Forgets every verdict. */
  forgetAll(): void {
    this.#index.forgetAll();
    this.#forgetVerdicts();
  }

  /** What is known of each series of a request, by position. */
  recallAll(stream: StreamSeries, request: DecodedWriteRequest): (Verdict | undefined)[] {
    this.#prepare();
    const findings = this.#index.findAll(stream.number, request);
    const verdicts = new Array<Verdict | undefined>(findings.length >> 1);
    for (let i = 0; i < verdicts.length; i++) {
      verdicts[i] = this.#verdictOf(stream, findings[2 * i] ?? NONE, findings[2 * i + 1] ?? NONE);
    }
    return verdicts;
  }

  /** What is known of one series. */
  recall(stream: StreamSeries, series: RawSeries): Verdict | undefined {
    const [number = NONE, before = NONE] = this.#index.find(stream.number, series);
    return this.#verdictOf(stream, number, before);
  }

  /** Remembers a verdict about a series that is not known. */
  remember(stream: StreamSeries, series: RawSeries, verdict: Verdict): void {
    this.#prepare();
    this.#putYoung(stream, this.#index.add(stream.number, series), verdict);
  }

  #verdictOf(stream: StreamSeries, number: number, before: number): Verdict | undefined {
    if (before === NONE) {
      return number === NONE ? undefined : this.#young[number];
    }
    const verdict = this.#old[before];
    if (verdict) {
      this.#putYoung(stream, number, verdict);
    }
    return verdict;
  }

  #putYoung(stream: StreamSeries, number: number, verdict: Verdict): void {
    this.#young[number] = verdict;
    if (verdict.kind === "keep") {
      verdict.series.moveRecord(this.#records);
      this.#youngBytes += verdict.series.recordBytes;
      stream.noteYoung(verdict.series);
    }
  }

  /** Turns the halves when the young one is full. */
  #prepare(): void {
    if (this.#incarnation !== this.#index.incarnation) {
      this.#incarnation = this.#index.incarnation;
      this.#forgetVerdicts();
    }
    if (this.#young.length < this.#halfSize && this.#youngBytes < this.#halfBytes) {
      return;
    }
    this.#index.turnHalves();
    this.#old = this.#young;
    this.#young = [];
    this.#youngBytes = 0;
    for (const stream of this.#streams) {
      stream.forgetOld();
    }
  }

  #forgetVerdicts(): void {
    this.#young = [];
    this.#old = [];
    this.#youngBytes = 0;
  }
}

/** The verdicts of one stream, by raw label bytes; and its kept series, by the id that they wanted first. */
export class StreamSeries {
  readonly stream: Stream;
  /** Names it in the table. */
  readonly number: number;
  readonly #table: SeriesTable;
  #youngById = new SeriesById();
  #oldById = new SeriesById();

  /** @param number that no other stream of the table has or had. */
  constructor(stream: Stream, number: number, table: SeriesTable) {
    this.stream = stream;
    this.number = number;
    this.#table = table;
  }

  nextRequest(): number {
    return this.#table.nextRequest();
  }

  /** The verdicts about the series of a request, as far as they are remembered, by position. */
  recallAll(request: DecodedWriteRequest): (Verdict | undefined)[] {
    return this.#table.recallAll(this, request);
  }

  /** The verdict about a series, if it is remembered. */
  recall(series: RawSeries): Verdict | undefined {
    return this.#table.recall(this, series);
  }

  /** A kept series of this stream, if it is remembered. */
  findById(id: SeriesId): KnownSeries | undefined {
    return this.#youngById.get(id) ?? this.#oldById.get(id);
  }

  /** Remembers the verdict about a series that `recall` does not know. */
  remember(series: RawSeries, verdict: Verdict): void {
    this.#table.remember(this, series, verdict);
  }

  /** Called by the table for what is kept and goes into its young half. */
  noteYoung(series: KnownSeries): void {
    this.#youngById.put(series);
  }

  /** Called by the table when the halves change places. */
  forgetOld(): void {
    this.#oldById = this.#youngById;
    this.#youngById = new SeriesById();
  }
}
