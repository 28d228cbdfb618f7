import type { DecodedWriteRequest, RawSeries } from "../../kernel/codec.ts";
import { NONE, type SeriesIndex } from "../../kernel/series-index.ts";
import { idOfHalves } from "../../shared/id-halves.ts";
import type { SeriesId } from "../../shared/series.ts";
import type { NewSeries } from "./known-series.ts";
import { type HashSecret, KNOWN_SECRET, type SeriesKey } from "./series-by-id.ts";
import type { Stream } from "./stream.ts";
import { codeOfSeries, UNKNOWN, Verdicts } from "./verdicts.ts";

/** Bytes of records that the young half may hold for each series that it may have; longer ones turn it earlier. */
const BYTES_PER_SERIES = 1024;
/** At least, so that a small table does not forget with every request what it has just learnt. */
const MIN_HALF_BYTES = 2 ** 24;

/** What is known of the series of a request. */
export interface Recalled {
  /** By position; `UNKNOWN` where there is none. */
  readonly codes: Int32Array;
  /** Where those stand that have none, and the numbers under which their verdicts are to be remembered. */
  readonly unknown: { readonly positions: readonly number[]; readonly numbers: readonly number[] };
}

/**
 * Remembers the verdict about every series that was seen lately, for all streams together, within a bound: what is
 * new goes into a young half; when that is full it becomes the old half and the old one is thrown away. A series
 * that is met in the old half moves to the young one, so only what nobody sends any more is forgotten. Halves turn before
 * a request, never within one: all that it holds is in the young half then.
 */
export class SeriesTable {
  readonly #index: SeriesIndex;
  readonly #halfSize: number;
  readonly #halfBytes: number;
  readonly #secret: HashSecret;
  #young: Verdicts;
  #old: Verdicts;
  #incarnation: number;
  #requests = 0;
  #opened = 0;

  /**
   * @param halfSize verdicts in the young half, but for those of a request that it had already begun with: so many
   * series that are sent again and again are surely remembered, and at most twice as many take memory.
   * @param secret where senders could fill the table.
   */
  constructor(index: SeriesIndex, halfSize: number, secret: HashSecret = KNOWN_SECRET) {
    this.#index = index;
    this.#incarnation = index.incarnation;
    this.#halfSize = halfSize;
    this.#halfBytes = Math.max(halfSize * BYTES_PER_SERIES, MIN_HALF_BYTES);
    this.#secret = secret;
    this.#young = new Verdicts(secret);
    this.#old = new Verdicts(secret);
  }

  /** Verdicts remembered now, at most. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** The half that the series of the request at hand are in. */
  get verdicts(): Verdicts {
    return this.#young;
  }

  /** The part of the table that belongs to one stream. Nothing has to be closed: what is not found any more goes in time. */
  openStream(stream: Stream): StreamSeries {
    this.#opened++;
    return new StreamSeries(stream, this.#opened, this);
  }

  /** The number of the next request: see `KnownSeries.lastRequests`. */
  nextRequest(): number {
    this.#requests = (this.#requests + 1) | 0;
    return this.#requests;
  }

  /** Forgets every verdict. */
  forgetAll(): void {
    this.#index.forgetAll();
    this.#forgetVerdicts();
  }

  /** What is known of each series of a request that is about to be sorted. */
  recallAll(stream: number, request: DecodedWriteRequest): Recalled {
    this.#prepare();
    const findings = this.#index.numberAll(stream, request);
    const codes = new Int32Array(findings.length >> 1);
    const positions: number[] = [];
    const numbers: number[] = [];
    for (let position = 0; position < codes.length; position++) {
      const number = findings[2 * position] ?? NONE;
      const code = this.#codeOf(number, findings[2 * position + 1] ?? NONE);
      codes[position] = code;
      if (code === UNKNOWN) {
        positions.push(position);
        numbers.push(number);
      }
    }
    return { codes, unknown: { positions, numbers } };
  }

  /** The number of a series, and what is known of it. */
  recall(stream: number, series: RawSeries): { number: number; code: number } {
    const [number = NONE, before = NONE] = this.#index.numberOne(stream, series);
    return { number, code: this.#codeOf(number, before) };
  }

  /** A kept series of a stream, by the id that it wanted first. */
  find(key: SeriesKey): number | undefined {
    const young = this.#young.known.find(key);
    if (young !== undefined) {
      return young;
    }
    const old = this.#old.known.find(key);
    return old === undefined ? undefined : this.#young.known.adopt(this.#old.known, old);
  }

  #codeOf(number: number, before: number): number {
    if (before !== NONE) {
      return this.#young.adopt(number, this.#old, before);
    }
    this.#young.reach(number);
    return this.#young.codeOf(number);
  }

  /** Turns the halves when the young one is full. */
  #prepare(): void {
    if (this.#incarnation !== this.#index.incarnation) {
      this.#incarnation = this.#index.incarnation;
      this.#forgetVerdicts();
    }
    if (this.#young.size <= this.#halfSize && this.#young.known.records.bytes <= this.#halfBytes) {
      return;
    }
    this.#index.turnHalves();
    this.#old = this.#young;
    this.#young = new Verdicts(this.#secret);
  }

  #forgetVerdicts(): void {
    this.#young = new Verdicts(this.#secret);
    this.#old = new Verdicts(this.#secret);
  }
}

/** The part of the table that belongs to one stream. */
export class StreamSeries {
  readonly stream: Stream;
  /** Names it in the table. */
  readonly number: number;
  readonly #table: SeriesTable;

  /** @param number that no other stream of the table has or had. */
  constructor(stream: Stream, number: number, table: SeriesTable) {
    this.stream = stream;
    this.number = number;
    this.#table = table;
  }

  nextRequest(): number {
    return this.#table.nextRequest();
  }

  /** The half that the series of the request at hand are in. */
  get verdicts(): Verdicts {
    return this.#table.verdicts;
  }

  /** What is known of the series of a request that is about to be sorted. */
  recallAll(request: DecodedWriteRequest): Recalled {
    return this.#table.recallAll(this.number, request);
  }

  /** What is known of a series of the request at hand. */
  recall(series: RawSeries): { number: number; code: number } {
    return this.#table.recall(this.number, series);
  }

  /**
   * Keeps a series, unless the stream has one with the same record: then it is that one.
   * @returns the code of the verdict about it.
   */
  keep(series: NewSeries): number {
    const { known } = this.verdicts;
    const twin = this.#table.find(series);
    return twin !== undefined && known.recordOf(twin).equals(known.records.at(series.recordAt, series.recordBytes))
      ? codeOfSeries(twin, known.sourceIdOf(twin) !== sourceIdOf(series))
      : codeOfSeries(known.add(series), false);
  }
}

function sourceIdOf({ sourceId, idLow, idHigh }: NewSeries): SeriesId {
  return sourceId ?? idOfHalves(idLow, idHigh);
}
