import { getRandomValues } from "node:crypto";
import type { SeriesId } from "../shared/series.ts";
import { halvesOf, IdIndex, randomMultipliers } from "./id-index.ts";
import type { KnownSeries } from "./known-series.ts";

const MULTIPLIERS = randomMultipliers(getRandomValues);

/** The series that are known of one generation of a shard's registry, each with a number. */
export class KnownGeneration {
  /** By number. Grows, and nothing in it changes. */
  readonly series: KnownSeries[] = [];
  readonly #index = new IdIndex(MULTIPLIERS);
  /** The halves of their ids, by number. */
  #halves = new Int32Array(2048);

  /** The numbers of the series of some samples; NONE for those that are not known. */
  numbersOf(ids: BigUint64Array): Int32Array {
    const wanted = halvesOf(ids);
    const known = this.#halves;
    const index = this.#index;
    const numbers = new Int32Array(ids.length);
    let next = 0;
    for (let i = 0; i < numbers.length; i++) {
      const low = wanted[2 * i] ?? 0;
      const high = wanted[2 * i + 1] ?? 0;
      // Series mostly come in the order in which they came first: no look-up is as quick as a right guess.
      const isNext = next < this.series.length && known[2 * next] === low && known[2 * next + 1] === high;
      const number = isNext ? next : index.get(low, high);
      numbers[i] = number;
      next = number + 1;
    }
    return numbers;
  }

  find(id: SeriesId): KnownSeries | undefined {
    const [number = 0] = this.numbersOf(BigUint64Array.of(id));
    return this.series[number];
  }

  /** Adds a series that is not known. @param id under which it was asked for. */
  add(id: SeriesId, series: KnownSeries): void {
    const [low = 0, high = 0] = halvesOf(BigUint64Array.of(id));
    const number = this.series.push(series) - 1;
    this.#index.set(low, high, number);
    if (2 * number >= this.#halves.length) {
      const halves = new Int32Array(2 * this.#halves.length);
      halves.set(this.#halves);
      this.#halves = halves;
    }
    this.#halves[2 * number] = low;
    this.#halves[2 * number + 1] = high;
  }
}
