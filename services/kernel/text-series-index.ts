import type { DecodedWriteRequest, RawSeries } from "./codec.ts";
import { NONE, type SeriesIndex } from "./series-index.ts";

/** The plain index, on maps. */
export class TextSeriesIndex implements SeriesIndex {
  readonly incarnation = 0;
  #young = new Map<string, number>();
  #old = new Map<string, number>();

  findAll(stream: number, { series }: DecodedWriteRequest): Int32Array {
    const findings = new Int32Array(2 * series.length);
    for (const [position, one] of series.entries()) {
      findings.set(this.find(stream, one), 2 * position);
    }
    return findings;
  }

  find(stream: number, series: RawSeries): Int32Array {
    const key = keyOf(stream, series);
    const young = this.#young.get(key);
    if (young !== undefined) {
      return Int32Array.of(young, NONE);
    }
    const old = this.#old.get(key);
    return old === undefined ? Int32Array.of(NONE, NONE) : Int32Array.of(this.#put(key), old);
  }

  add(stream: number, series: RawSeries): number {
    return this.#put(keyOf(stream, series));
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
