import type { DecodedWriteRequest, RawSeries } from "./codec.ts";
import { NONE, type SeriesIndex } from "./series-index.ts";

/** The plain index, on maps. */
export class TextSeriesIndex implements SeriesIndex {
  readonly incarnation = 0;
  #young = new Map<string, number>();
  #old = new Map<string, number>();

  numberAll(stream: number, { series }: DecodedWriteRequest): Int32Array {
    const numbers = new Int32Array(2 * series.length);
    for (const [position, one] of series.entries()) {
      numbers.set(this.numberOne(stream, one), 2 * position);
    }
    return numbers;
  }

  numberOne(stream: number, series: RawSeries): Int32Array {
    const key = keyOf(stream, series);
    const young = this.#young.get(key);
    return young === undefined ? Int32Array.of(this.#put(key), this.#old.get(key) ?? NONE) : Int32Array.of(young, NONE);
  }

  turnHalves(): void {
    this.#old = this.#young;
    this.#young = new Map();
  }

  forgetAll(): void {
    this.turnHalves();
    this.#old = new Map();
  }

  #put(key: string): number {
    const number = this.#young.size;
    this.#young.set(key, number);
    return number;
  }
}

function keyOf(stream: number, { rawLabels }: RawSeries): string {
  return `${stream} ${rawLabels}`;
}
