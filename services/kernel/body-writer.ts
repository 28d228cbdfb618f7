import type { HorizonExports } from "./horizon-exports.ts";

const SERIES_WORDS = 2;

/** Samples of one series: `count` rows of columns, from `first` on. */
export interface BodySeries {
  /** Its Label fields, sorted by name as remote-write wants them, are the bytes from `start` to `end` of a chunk. */
  readonly series: { readonly chunk: Uint8Array; readonly start: number; readonly end: number };
  readonly first: number;
  readonly count: number;
}

export interface BodyColumns {
  /** Whole milliseconds, within ±2^53. */
  readonly timestampsMs: Float64Array;
  readonly valueBits: BigUint64Array;
}

/** Makes bodies of remote-write 1.0, in WebAssembly (`assembly/write-body.ts`). */
export class BodyWriter {
  readonly #exports: HorizonExports;

  constructor(exports: HorizonExports) {
    this.#exports = exports;
  }

  /** The body of a request: a snappy block of a WriteRequest with the samples of these series, in order of time. */
  write(series: readonly BodySeries[], columns: BodyColumns): Buffer {
    const { memory, writeBody, bodyBytes } = this.#exports;
    this.#putLabels(series);
    this.#putSamples(series, columns);
    const at = writeBody(series.length);
    return Buffer.from(new Uint8Array(memory.buffer, at, bodyBytes.value));
  }

  /** Labels that stand one behind the other in their chunk are copied together. */
  #putLabels(series: readonly BodySeries[]): void {
    const { memory, labelsAt } = this.#exports;
    const total = series.reduce((sum, one) => sum + one.series.end - one.series.start, 0);
    const at = labelsAt(total);
    const labels = new Uint8Array(memory.buffer, at, total);
    let position = 0;
    for (let i = 0; i < series.length; ) {
      const { chunk, start, end } = series[i]?.series ?? NO_LABELS;
      let runEnd = end;
      for (i++; series[i]?.series.chunk === chunk && series[i]?.series.start === runEnd; i++) {
        runEnd = series[i]?.series.end ?? runEnd;
      }
      labels.set(chunk.subarray(start, runEnd), position);
      position += runEnd - start;
    }
  }

  /** Rows that follow one another are copied together. */
  #putSamples(series: readonly BodySeries[], { timestampsMs, valueBits }: BodyColumns): void {
    const { memory, seriesAt, timesAt, valuesAt } = this.#exports;
    const total = series.reduce((sum, { count }) => sum + count, 0);
    const [at, timesStart, valuesStart] = [seriesAt(series.length), timesAt(total), valuesAt(total)];
    const rows = new Uint32Array(memory.buffer, at, SERIES_WORDS * series.length);
    const times = new Float64Array(memory.buffer, timesStart, total);
    const values = new BigUint64Array(memory.buffer, valuesStart, total);
    let position = 0;
    for (let i = 0; i < series.length; ) {
      const start = series[i]?.first ?? 0;
      let end = start;
      for (; series[i]?.first === end; i++) {
        const one = series[i] ?? NO_SAMPLES;
        rows[SERIES_WORDS * i] = one.series.end - one.series.start;
        rows[SERIES_WORDS * i + 1] = one.count;
        end += one.count;
      }
      times.set(timestampsMs.subarray(start, end), position);
      values.set(valueBits.subarray(start, end), position);
      position += end - start;
    }
  }
}

const NO_LABELS = { chunk: new Uint8Array(0), start: 0, end: 0 };
const NO_SAMPLES: BodySeries = { series: NO_LABELS, first: 0, count: 0 };
