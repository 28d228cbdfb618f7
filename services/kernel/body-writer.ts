import type { HorizonExports } from "./horizon-exports.ts";

const SERIES_WORDS = 2;

/** Where the Label fields of a series are, sorted by name as remote-write wants them: from `start` to `end` of a chunk. */
export interface WireSeries {
  readonly chunk: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Runs of rows, each of one series: entry i of each column belongs to run i. */
export interface SeriesRuns {
  /** Of each run, the place of its series in a list of series. */
  readonly groups: Int32Array;
  /** The first row of each run, and how many it has. */
  readonly firsts: Int32Array;
  readonly counts: Int32Array;
}

/** What rows are of. */
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

  /** The body of a request: a snappy block of a WriteRequest with these runs, the rows of each in order of time. */
  write(series: readonly WireSeries[], runs: SeriesRuns, columns: BodyColumns): Buffer {
    const { memory, writeBody, bodyBytes } = this.#exports;
    this.#putSamples(runs, columns);
    this.#putLabels(series, runs);
    const at = writeBody(runs.groups.length);
    return Buffer.from(new Uint8Array(memory.buffer, at, bodyBytes.value));
  }

  /** Labels that stand one behind the other in their chunk are copied together. */
  #putLabels(series: readonly WireSeries[], { groups, counts }: SeriesRuns): void {
    const { memory, labelsAt, seriesAt } = this.#exports;
    const total = groups.reduce((sum, group) => sum + bytesOf(series[group]), 0);
    const [labelsStart, at] = [labelsAt(total), seriesAt(groups.length)];
    const labels = new Uint8Array(memory.buffer, labelsStart, total);
    const rows = new Uint32Array(memory.buffer, at, SERIES_WORDS * groups.length);
    let position = 0;
    let before = NO_SERIES;
    let start = 0;
    for (let i = 0; i < groups.length; i++) {
      const one = series[groups[i] ?? 0] ?? NO_SERIES;
      if (one.chunk !== before.chunk || one.start !== before.end) {
        labels.set(before.chunk.subarray(start, before.end), position);
        position += before.end - start;
        start = one.start;
      }
      rows[SERIES_WORDS * i] = one.end - one.start;
      rows[SERIES_WORDS * i + 1] = counts[i] ?? 0;
      before = one;
    }
    labels.set(before.chunk.subarray(start, before.end), position);
  }

  /** Rows that follow one another are copied together. */
  #putSamples({ firsts, counts }: SeriesRuns, { timestampsMs, valueBits }: BodyColumns): void {
    const { memory, timesAt, valuesAt } = this.#exports;
    const total = counts.reduce((sum, count) => sum + count, 0);
    const [timesStart, valuesStart] = [timesAt(total), valuesAt(total)];
    const times = new Float64Array(memory.buffer, timesStart, total);
    const values = new BigUint64Array(memory.buffer, valuesStart, total);
    let position = 0;
    for (let i = 0; i < firsts.length; ) {
      const start = firsts[i] ?? 0;
      let end = start;
      for (; firsts[i] === end; i++) {
        end += counts[i] ?? 0;
      }
      times.set(timestampsMs.subarray(start, end), position);
      values.set(valueBits.subarray(start, end), position);
      position += end - start;
    }
  }
}

const NO_SERIES: WireSeries = { chunk: new Uint8Array(0), start: 0, end: 0 };

function bytesOf(series: WireSeries | undefined): number {
  return series ? series.end - series.start : 0;
}
