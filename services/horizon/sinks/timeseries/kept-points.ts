import type { KnownSeries } from "../../known-series.ts";
import { PointColumns } from "./point-columns.ts";

/** The points of one window of time; no two for the same place. */
export interface PointWindow {
  readonly startMs: number;
  /** Which rows of the columns they are, in order of the times that they are stored at. */
  readonly rows: Int32Array;
}

/** Three odd numbers that nobody can foretell: who chooses ids and times must not know where in the table they fall. */
export type PlaceMultipliers = readonly [number, number, number];

const FIRST_CELLS = 1024;
const IDS_AT_A_TIME = 256;

/**
 * Points of a claim that are kept back, because a newer one may come for the same place: the same series, stored at the
 * same time. Of samples of the very same time the greater value is kept, since nobody knows which came last, and the
 * choice must be the same when the claim is delivered again.
 */
export class KeptPoints {
  readonly columns = new PointColumns();
  readonly #windowMs: number;
  readonly #multipliers: PlaceMultipliers;
  /** Rows by place, each plus one; 0 where a cell is empty. Never more than half full. */
  #cells = new Int32Array(FIRST_CELLS);
  /** How far a hash is shifted to the right to be the number of a cell. */
  #shift = 32 - Math.log2(FIRST_CELLS);
  /** The row after the one that was offered last. */
  #next = 0;
  #series: readonly KnownSeries[] = [];
  /** The halves of the ids of some of these series, and the numbers of the first of them and behind the last. */
  readonly #halves = new Int32Array(2 * IDS_AT_A_TIME);
  #readFrom = 0;
  #readEnd = 0;
  /** Means nothing: it is there so that cells are read. */
  #touched = 0;

  /** @param windowMs a multiple of the time between places, if there is one. */
  constructor(windowMs: number, multipliers: PlaceMultipliers) {
    this.#windowMs = windowMs;
    this.#multipliers = multipliers;
  }

  /** How many points are kept. */
  get size(): number {
    return this.columns.size;
  }

  /** From now on points of these series are offered. */
  begin(series: readonly KnownSeries[]): void {
    this.#series = series;
    this.#readFrom = 0;
    this.#readEnd = 0;
  }

  /**
   * Keeps a point unless a newer one has its place.
   * @param number that of its series among those that `begin` was given.
   * @param owner a number for whose it is, which `columns` has with the point.
   * @returns whether one of the two was left out.
   */
  offer(number: number, owner: number, storedAtMs: number, sampledAtMs: number, value: number): boolean {
    const { columns } = this;
    const series = this.#series[number];
    let row = this.#next;
    // Series mostly come in the order in which they came first: no look-up is as quick as a right guess.
    if (row >= columns.size || columns.series[row] !== series || columns.storedAtMs[row] !== storedAtMs) {
      const cell = this.#find(this.#halvesOf(number, storedAtMs), storedAtMs);
      row = (this.#cells[cell] ?? 0) - 1;
      if (row < 0 && series) {
        this.#next = columns.size + 1;
        this.#add(cell, series, owner, storedAtMs, sampledAtMs, value);
        return false;
      }
    }
    this.#next = row + 1;
    if (beats(sampledAtMs, value, columns.sampledAtMs[row] ?? 0, columns.values[row] ?? 0)) {
      columns.owners[row] = owner;
      columns.sampledAtMs[row] = sampledAtMs;
      columns.values[row] = value;
    }
    return true;
  }

  /** All points, window by window, in order of time: RedisTimeSeries takes them best like that. */
  windows(): PointWindow[] {
    const rows = this.columns.rowsInOrderOfTime();
    const windows: PointWindow[] = [];
    const { storedAtMs } = this.columns;
    for (let first = 0; first < rows.length; ) {
      const firstMs = storedAtMs[rows[first] ?? 0] ?? 0;
      const startMs = firstMs - (firstMs % this.#windowMs);
      const endMs = startMs + this.#windowMs;
      let end = first + 1;
      while (end < rows.length && (storedAtMs[rows[end] ?? 0] ?? endMs) < endMs) {
        end++;
      }
      windows.push({ startMs, rows: rows.subarray(first, end) });
      first = end;
    }
    return windows;
  }

  /** Forgets all points. */
  clear(): void {
    this.columns.clear();
    this.#cells.fill(0);
    this.#next = 0;
  }

  #add(cell: number, series: KnownSeries, owner: number, storedAtMs: number, sampledAtMs: number, value: number): void {
    const { columns } = this;
    columns.push(series, owner, storedAtMs, sampledAtMs, value);
    this.#cells[cell] = columns.size;
    if (2 * columns.size > this.#cells.length) {
      this.#grow();
    }
  }

  /**
   * Where the halves of the id of a series begin. Those of the series after it are read as well, and so are their cells: all are
   * far apart in memory, and the processor fetches many at a time where nothing else is done in between.
   */
  #halvesOf(number: number, storedAtMs: number): number {
    if (number < this.#readFrom || number >= this.#readEnd) {
      this.#readIds(number);
      for (let at = 0; at < 2 * (this.#readEnd - number); at += 2) {
        this.#touched |= this.#cells[this.#hash(this.#halves, at, storedAtMs)] ?? 0;
      }
    }
    return 2 * (number - this.#readFrom);
  }

  #readIds(number: number): void {
    const halves = this.#halves;
    this.#readFrom = number;
    this.#readEnd = Math.min(number + IDS_AT_A_TIME, this.#series.length);
    for (let i = number; i < this.#readEnd; i++) {
      const series = this.#series[i];
      halves[2 * (i - number)] = series?.idLow ?? 0;
      halves[2 * (i - number) + 1] = series?.idHigh ?? 0;
    }
  }

  /** The cell of a series, stored at a time, or the empty one that it would be put into. @param at of its id's halves. */
  #find(at: number, storedAtMs: number): number {
    const { storedAtMs: times, halves } = this.columns;
    const cells = this.#cells;
    const low = this.#halves[at];
    const high = this.#halves[at + 1];
    let cell = this.#hash(this.#halves, at, storedAtMs);
    for (let row = (cells[cell] ?? 0) - 1; row >= 0; row = (cells[cell] ?? 0) - 1) {
      if (halves[2 * row] === low && halves[2 * row + 1] === high && times[row] === storedAtMs) {
        return cell;
      }
      cell = (cell + 1) & (cells.length - 1);
    }
    return cell;
  }

  #hash(halves: Int32Array, at: number, storedAtMs: number): number {
    const [low, high, time] = this.#multipliers;
    const sum = Math.imul(halves[at] ?? 0, low) + Math.imul(halves[at + 1] ?? 0, high);
    return (sum + Math.imul(storedAtMs | 0, time)) >>> this.#shift;
  }

  #grow(): void {
    const { size, storedAtMs, halves } = this.columns;
    this.#cells = new Int32Array(2 * this.#cells.length);
    this.#shift--;
    for (let row = 0; row < size; row++) {
      let cell = this.#hash(halves, 2 * row, storedAtMs[row] ?? 0);
      while (this.#cells[cell] !== 0) {
        cell = (cell + 1) & (this.#cells.length - 1);
      }
      this.#cells[cell] = row + 1;
    }
  }
}

/** Whether a sample takes the place of a known one: it is newer, or of the same time and greater. */
export function beats(sampledAtMs: number, value: number, knownAtMs: number, known: number): boolean {
  if (sampledAtMs !== knownAtMs) {
    return sampledAtMs > knownAtMs;
  }
  return value > known || (value === 0 && Object.is(known, -0));
}

/** Multipliers for this process. @param fillRandom fills words with random ones. */
export function randomPlaceMultipliers(fillRandom: (words: Uint32Array) => void): PlaceMultipliers {
  const words = new Uint32Array(3);
  fillRandom(words);
  return [(words[0] ?? 0) | 1, (words[1] ?? 0) | 1, (words[2] ?? 0) | 1];
}
