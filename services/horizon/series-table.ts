import { getRandomValues } from "node:crypto";
import type { LabelPlaces } from "../kernel/body-writer.ts";
import type { KeptBytes } from "../shared/byte-space.ts";
import { highHalf, lowHalf } from "../shared/id-halves.ts";
import { moved } from "../shared/moved-column.ts";
import type { SeriesId } from "../shared/series.ts";
import { IdIndex, NONE, randomMultipliers } from "./id-index.ts";
import { KnownSeries, wireLabelsOf } from "./known-series.ts";

const MULTIPLIERS = randomMultipliers(getRandomValues);
const FIRST_CAPACITY = 1024;

/**
 * The series that are known of one generation of a shard's registry, each with a number. There are as many as there are active
 * series, so they are columns: objects would take five times the memory, and V8 would look through all of them again and
 * again. The table grows, and nothing in it changes.
 */
export class SeriesTable implements LabelPlaces {
  /** How many series there are: their numbers are those below. */
  size = 0;
  /** The halves of the ids, by number: of each the low one, then the high one. */
  halves = new Int32Array(2 * FIRST_CAPACITY);
  readonly chunks: Uint8Array[] = [];
  chunkNumbers = new Int32Array(FIRST_CAPACITY);
  starts = new Int32Array(FIRST_CAPACITY);
  ends = new Int32Array(FIRST_CAPACITY);
  readonly #index = new IdIndex(MULTIPLIERS);

  /** The numbers of the series of some samples; NONE for those that are not known. */
  numbersOf(ids: BigUint64Array): Int32Array {
    // Series mostly come in the order in which they came first.
    return this.#index.getAll(ids, this.halves, this.size);
  }

  /** The ids of the series of some numbers. */
  idsOf(numbers: Int32Array): BigUint64Array {
    const halves = new Int32Array(2 * numbers.length);
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i] ?? 0;
      halves[2 * i] = this.halves[2 * number] ?? 0;
      halves[2 * i + 1] = this.halves[2 * number + 1] ?? 0;
    }
    return new BigUint64Array(halves.buffer);
  }

  /** The number of a series, or NONE. */
  find(id: SeriesId): number {
    return this.#index.get(lowHalf(id), highHalf(id));
  }

  /** A series, made anew at each call. @throws where no series has the number. */
  at(number: number): KnownSeries {
    const chunk = this.chunks[this.chunkNumbers[number] ?? NONE];
    if (number >= this.size || !chunk) {
      throw new Error(`cannot find series ${number}: the table has ${this.size}`);
    }
    const labels = { chunk, start: this.starts[number] ?? 0, end: this.ends[number] ?? 0 };
    return new KnownSeries(this.halves[2 * number] ?? 0, this.halves[2 * number + 1] ?? 0, labels);
  }

  /** Adds a series whose id is not known. @param labels where they are kept, as the wire has them. @returns its number. */
  add(id: SeriesId, labels: KeptBytes): number {
    this.#index.set(lowHalf(id), highHalf(id), this.size);
    return this.#push(lowHalf(id), highHalf(id), labels);
  }

  /** The numbers that series of another table have here; those that are not known yet are added. */
  adoptAll(other: SeriesTable, numbers: Int32Array): Int32Array {
    const adopted = this.numbersOf(other.idsOf(numbers));
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i] ?? 0;
      if (adopted[i] === NONE || !this.#hasLabelsOf(other, number, adopted[i] ?? 0)) {
        adopted[i] = this.adopt(other.at(number));
      }
    }
    return adopted;
  }

  /** The number of a series, which is added if it is not known yet. */
  adopt(series: KnownSeries): number {
    const number = this.#index.get(series.idLow, series.idHigh);
    if (number === NONE) {
      return this.add(series.id, series);
    }
    const isSame = Buffer.compare(wireLabelsOf(series), wireLabelsOf(this.at(number))) === 0;
    // Where the registry was lost, an id may have come to another series since: that one is not found by it here.
    return isSame ? number : this.#push(series.idLow, series.idHigh, series);
  }

  /** Labels of a series that both know are mostly in the same place. */
  #hasLabelsOf(other: SeriesTable, theirs: number, ours: number): boolean {
    return (
      this.chunks[this.chunkNumbers[ours] ?? NONE] === other.chunks[other.chunkNumbers[theirs] ?? NONE] &&
      this.starts[ours] === other.starts[theirs]
    );
  }

  #push(low: number, high: number, { chunk, start, end }: KeptBytes): number {
    const number = this.size;
    if (number === this.starts.length) {
      this.#grow();
    }
    this.halves[2 * number] = low;
    this.halves[2 * number + 1] = high;
    this.chunkNumbers[number] = this.#numberOfChunk(chunk);
    this.starts[number] = start;
    this.ends[number] = end;
    this.size++;
    return number;
  }

  /** Series that were met one after the other mostly have their labels in one chunk. */
  #numberOfChunk(chunk: Uint8Array): number {
    return this.chunks.at(-1) === chunk ? this.chunks.length - 1 : this.chunks.push(chunk) - 1;
  }

  #grow(): void {
    const capacity = 2 * this.starts.length;
    this.halves = moved(this.halves, new Int32Array(2 * capacity));
    this.chunkNumbers = moved(this.chunkNumbers, new Int32Array(capacity));
    this.starts = moved(this.starts, new Int32Array(capacity));
    this.ends = moved(this.ends, new Int32Array(capacity));
  }
}
