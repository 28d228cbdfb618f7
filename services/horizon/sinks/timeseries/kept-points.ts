import { moved } from "../../../shared/moved-column.ts";
import type { SeriesTable } from "../../series-table.ts";
import { PointColumns } from "./point-columns.ts";

/** The points of one window of time; no two for the same place. */
export interface PointWindow {
  readonly startMs: number;
  /** Which rows of the columns they are, in order of the times that they are stored at. */
  readonly rows: Int32Array;
}

/** Two odd numbers that nobody can foretell: who chooses times must not know where in the table they fall. */
export type PlaceMultipliers = readonly [number, number];

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
  /** By the number of a series, the row of its first place plus one. Most series have no other. */
  #firstRows = new Int32Array(0);
  /** Rows of all other places, each plus one; 0 where a cell is empty. Never more than half full. */
  #cells = new Int32Array(FIRST_CELLS);
  #filled = 0;
  /** How far a hash is shifted to the right to be the number of a cell. */
  #shift = 32 - Math.log2(FIRST_CELLS);

  /** @param windowMs a multiple of the time between places, if there is one. */
  constructor(windowMs: number, multipliers: PlaceMultipliers) {
    this.#windowMs = windowMs;
    this.#multipliers = multipliers;
  }

  /** How many points are kept. */
  get size(): number {
    return this.columns.size;
  }

  /** From now on points of series of this table are offered. */
  begin(table: SeriesTable): void {
    const { columns } = this;
    if (columns.table !== table) {
      columns.changeTable(table);
      this.#placeAll();
    } else if (this.#firstRows.length < table.size) {
      this.#firstRows = moved(this.#firstRows, new Int32Array(table.size));
    }
  }

  /**
   * Keeps a point unless a newer one has its place.
   * @param series its number in the table that `begin` was given.
   * @param owner a number for whose it is, which `columns` has with the point.
   * @returns whether one of the two was left out.
   */
  offer(series: number, owner: number, storedAtMs: number, sampledAtMs: number, value: number): boolean {
    const { columns } = this;
    let row = (this.#firstRows[series] ?? 0) - 1;
    if (row < 0) {
      columns.push(series, owner, storedAtMs, sampledAtMs, value);
      this.#firstRows[series] = columns.size;
      return false;
    }
    if (columns.storedAtMs[row] !== storedAtMs) {
      const cell = this.#find(series, storedAtMs);
      row = (this.#cells[cell] ?? 0) - 1;
      if (row < 0) {
        columns.push(series, owner, storedAtMs, sampledAtMs, value);
        this.#fill(cell, columns.size);
        return false;
      }
    }
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

  /** Forgets all points, and the table that their series were from. */
  clear(): void {
    this.columns.clear();
    this.#placeAll();
  }

  /** Finds all rows their places anew. */
  #placeAll(): void {
    const { size, table, numbers, storedAtMs } = this.columns;
    this.#firstRows = new Int32Array(table.size);
    this.#cells.fill(0);
    this.#filled = 0;
    for (let row = 0; row < size; row++) {
      const series = numbers[row] ?? 0;
      if (this.#firstRows[series] === 0) {
        this.#firstRows[series] = row + 1;
      } else {
        this.#fill(this.#find(series, storedAtMs[row] ?? 0), row + 1);
      }
    }
  }

  #fill(cell: number, rowPlusOne: number): void {
    this.#cells[cell] = rowPlusOne;
    this.#filled++;
    if (2 * this.#filled > this.#cells.length) {
      this.#grow();
    }
  }

  /** The cell of a series, stored at a time, or the empty one that it would be put into. */
  #find(series: number, storedAtMs: number): number {
    const { storedAtMs: times, numbers } = this.columns;
    const cells = this.#cells;
    let cell = this.#hash(series, storedAtMs);
    for (let row = (cells[cell] ?? 0) - 1; row >= 0; row = (cells[cell] ?? 0) - 1) {
      if (numbers[row] === series && times[row] === storedAtMs) {
        return cell;
      }
      cell = (cell + 1) & (cells.length - 1);
    }
    return cell;
  }

  #hash(series: number, storedAtMs: number): number {
    const [ofSeries, ofTime] = this.#multipliers;
    return (Math.imul(series, ofSeries) + Math.imul(storedAtMs | 0, ofTime)) >>> this.#shift;
  }

  #grow(): void {
    const { storedAtMs, numbers } = this.columns;
    const old = this.#cells;
    this.#cells = new Int32Array(2 * old.length);
    this.#shift--;
    for (const rowPlusOne of old) {
      if (rowPlusOne > 0) {
        this.#cells[this.#find(numbers[rowPlusOne - 1] ?? 0, storedAtMs[rowPlusOne - 1] ?? 0)] = rowPlusOne;
      }
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
  const words = new Uint32Array(2);
  fillRandom(words);
  return [(words[0] ?? 0) | 1, (words[1] ?? 0) | 1];
}
