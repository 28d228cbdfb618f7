import { moved } from "../../../shared/moved-column.ts";
import { NONE } from "../../id-index.ts";
import type { KnownSeries } from "../../known-series.ts";
import { SeriesTable } from "../../series-table.ts";
import type { RefusedSample } from "../sink.ts";

const FIRST_CAPACITY = 512;

/** Points as columns, row by row: an object for each would take three times the memory and most of the time. */
export class PointColumns {
  /** Rows that have a point. */
  size = 0;
  /** What the numbers of the series are from. */
  table = new SeriesTable();
  /** Of the series. */
  numbers = new Int32Array(FIRST_CAPACITY);
  /** When RedisTimeSeries is to believe that the samples were taken, whole milliseconds since 1970. */
  storedAtMs = new Float64Array(FIRST_CAPACITY);
  /** When they were. */
  sampledAtMs = new Float64Array(FIRST_CAPACITY);
  /** Finite. */
  values = new Float64Array(FIRST_CAPACITY);
  /** Numbers that the user of the columns gives to whose the samples are. */
  owners = new Int32Array(FIRST_CAPACITY);
  /** The slots of the series in the list of their bucket; NONE until the bucket is open. */
  slots = new Int32Array(FIRST_CAPACITY);

  /** @param number of the series, in `table`. */
  push(number: number, owner: number, storedAtMs: number, sampledAtMs: number, value: number): void {
    const row = this.size;
    if (row === this.numbers.length) {
      this.#grow();
    }
    this.numbers[row] = number;
    this.storedAtMs[row] = storedAtMs;
    this.sampledAtMs[row] = sampledAtMs;
    this.values[row] = value;
    this.owners[row] = owner;
    this.slots[row] = NONE;
    this.size = row + 1;
  }

  /** The series of a row. @throws where there is no such row. */
  seriesAt(row: number): KnownSeries {
    if (row < 0 || row >= this.size) {
      throw new Error(`cannot find the series of a point: there is no row ${row}`);
    }
    return this.table.at(this.numbers[row] ?? NONE);
  }

  /** Makes another table the one that the numbers are from. */
  changeTable(table: SeriesTable): void {
    if (this.size > 0) {
      this.numbers.set(table.adoptAll(this.table, this.numbers.subarray(0, this.size)));
    }
    this.table = table;
  }

  /** The sample of a row. */
  sampleAt(row: number): RefusedSample {
    const bits = new BigUint64Array(this.values.buffer, row * this.values.BYTES_PER_ELEMENT, 1)[0] ?? 0n;
    return { timestampMs: this.sampledAtMs[row] ?? 0, bits };
  }

  /** The ids of the series of some rows. */
  idsOf(rows: Int32Array): BigUint64Array {
    return this.table.idsOf(rows.map((row) => this.numbers[row] ?? NONE));
  }

  /** Sets the slots of some rows. */
  setSlots(rows: Int32Array, slots: Int32Array): void {
    for (let i = 0; i < rows.length; i++) {
      this.slots[rows[i] ?? 0] = slots[i] ?? NONE;
    }
  }

  /** Empties all rows. Their room is kept for others; the table is not, which may be of an hour that nobody needs any more. */
  clear(): void {
    this.size = 0;
    this.table = new SeriesTable();
  }

  /** All rows in the order of the times that they are stored at; those of one time in the order that they have. */
  rowsInOrderOfTime(): Int32Array {
    const { size, storedAtMs } = this;
    const counts = new Map<number, number>();
    for (let row = 0; row < size; row++) {
      const time = storedAtMs[row] ?? 0;
      let end = row + 1;
      while (end < size && storedAtMs[end] === time) {
        end++;
      }
      counts.set(time, (counts.get(time) ?? 0) + end - row);
      row = end - 1;
    }
    return this.#rowsByTime(counts);
  }

  /** @param counts how many rows each time has. */
  #rowsByTime(counts: ReadonlyMap<number, number>): Int32Array {
    const places = new Map<number, number>();
    let end = 0;
    for (const [time, count] of [...counts].sort(([a], [b]) => a - b)) {
      places.set(time, end);
      end += count;
    }
    const rows = new Int32Array(end);
    for (let row = 0; row < end; ) {
      const time = this.storedAtMs[row] ?? 0;
      let place = places.get(time) ?? 0;
      for (; row < end && this.storedAtMs[row] === time; row++) {
        rows[place++] = row;
      }
      places.set(time, place);
    }
    return rows;
  }

  #grow(): void {
    const capacity = 2 * this.numbers.length;
    this.numbers = moved(this.numbers, new Int32Array(capacity));
    this.storedAtMs = moved(this.storedAtMs, new Float64Array(capacity));
    this.sampledAtMs = moved(this.sampledAtMs, new Float64Array(capacity));
    this.values = moved(this.values, new Float64Array(capacity));
    this.owners = moved(this.owners, new Int32Array(capacity));
    this.slots = moved(this.slots, new Int32Array(capacity));
  }
}
