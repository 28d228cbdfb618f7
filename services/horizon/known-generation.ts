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

  /** The numbers of the series of some samples; NONE for those that are not known. */
  numbersOf(ids: BigUint64Array): Int32Array {
    const halves = halvesOf(ids);
    const numbers = new Int32Array(ids.length);
    for (let i = 0; i < numbers.length; i++) {
      numbers[i] = this.#index.get(halves[2 * i] ?? 0, halves[2 * i + 1] ?? 0);
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
    this.#index.set(low, high, this.series.length);
    this.series.push(series);
  }
}
