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
  /** The id of the series at hand, in halves. */
  readonly #halves = new Int32Array(2);

  /** @param windowMs a multiple of the time between places, if there is one. */
  constructor(windowMs: number, multipliers: PlaceMultipliers) {
    this.#windowMs = windowMs;
    this.#multipliers = multipliers;
  }

  /** How many points are kept. */
  get size(): number {
    return this.columns.size;
  }

  /**
   * Keeps a point unless a newer one has its place.
   * @param owner a number for whose it is, which `columns` has with the point.
   * @returns whether one of the two was left out.
   */
  offer(series: KnownSeries, owner: number, storedAtMs: number, sampledAtMs: number, value: number): boolean {
    const { columns } = this;
    let row = this.#next;
    // Series mostly come in the order in which they came first: no look-up is as quick as a right guess.
    if (row >= columns.size || columns.series[row] !== series || columns.storedAtMs[row] !== storedAtMs) {
      this.#halves[0] = series.idLow;
      this.#halves[1] = series.idHigh;
      const cell = this.#find(storedAtMs);
      row = (this.#cells[cell] ?? 0) - 1;
      if (row < 0) {
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
    for (let first = 0; first < rows.length; ) {
      const startMs = this.#windowOf(rows[first] ?? 0);
      let end = first + 1;
      while (end < rows.length && this.#windowOf(rows[end] ?? 0) === startMs) {
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

  #windowOf(row: number): number {
    const storedAtMs = this.columns.storedAtMs[row] ?? 0;
    return storedAtMs - (storedAtMs % this.#windowMs);
  }

  #add(cell: number, series: KnownSeries, owner: number, storedAtMs: number, sampledAtMs: number, value: number): void {
    const { columns } = this;
    columns.push(series, owner, storedAtMs, sampledAtMs, value);
    this.#cells[cell] = columns.size;
    if (2 * columns.size > this.#cells.length) {
      this.#grow();
    }
  }

  /** The cell of the series whose id is at hand, stored at a time, or the empty one that it would be put into. */
  #find(storedAtMs: number): number {
    const { storedAtMs: times, halves } = this.columns;
    const cells = this.#cells;
    const [low, high] = this.#halves;
    let cell = this.#hash(this.#halves, 0, storedAtMs);
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
