import type { HorizonExports } from "./horizon-exports.ts";

const SERIES_WORDS = 2;

/**
 * Where the Label fields of series are, sorted by name as remote-write wants them: those of series i from `starts[i]` to
 * `ends[i]` of the chunk of number `chunkNumbers[i]`.
 */
export interface LabelPlaces {
  readonly chunks: readonly Uint8Array[];
  readonly chunkNumbers: Int32Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** Runs of rows, each of one group, all of whose rows are of one series: entry i of each column belongs to run i. */
export interface SeriesRuns {
  readonly groups: Int32Array;
  /** The first row of each run, and how many it has. */
  readonly firsts: Int32Array;
  readonly counts: Int32Array;
}

/** What rows are of. */
export interface BodyColumns {
  /** By group, the number of its series in `labels`. */
  readonly numbers: Int32Array;
  readonly labels: LabelPlaces;
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

  /**
   * The body of a request: a snappy block of a WriteRequest with these runs, the rows of each in order of time.
   * @param room gives memory for so many bytes.
   */
  write(runs: SeriesRuns, columns: BodyColumns, room: (bytes: number) => Buffer = Buffer.allocUnsafe): Buffer {
    const { memory, writeBody, bodyBytes } = this.#exports;
    this.#putSamples(runs, columns);
    this.#putLabels(runs, columns);
    const at = writeBody(runs.groups.length);
    const body = room(bodyBytes.value);
    body.set(new Uint8Array(memory.buffer, at, bodyBytes.value));
    return body;
  }

  /** Labels that stand one behind the other in their chunk are copied together. */
  #putLabels(
    { groups, counts }: SeriesRuns,
    { numbers, labels: { chunks, chunkNumbers, starts, ends } }: BodyColumns,
  ): void {
    const { memory, labelsAt, seriesAt } = this.#exports;
    let total = 0;
    for (let i = 0; i < groups.length; i++) {
      const number = numbers[groups[i] ?? 0] ?? 0;
      total += (ends[number] ?? 0) - (starts[number] ?? 0);
    }
    const [labelsStart, at] = [labelsAt(total), seriesAt(groups.length)];
    const labels = new Uint8Array(memory.buffer, labelsStart, total);
    const rows = new Uint32Array(memory.buffer, at, SERIES_WORDS * groups.length);
    let position = 0;
    let [chunk, start, end] = [NO_CHUNK, 0, 0];
    for (let i = 0; i < groups.length; i++) {
      const number = numbers[groups[i] ?? 0] ?? 0;
      const ownStart = starts[number] ?? 0;
      const ownEnd = ends[number] ?? 0;
      if (ownStart !== end || chunkNumbers[number] !== chunk) {
        position = copyPart(labels, position, chunks[chunk], start, end);
        chunk = chunkNumbers[number] ?? NO_CHUNK;
        start = ownStart;
      }
      end = ownEnd;
      rows[SERIES_WORDS * i] = ownEnd - ownStart;
      rows[SERIES_WORDS * i + 1] = counts[i] ?? 0;
    }
    copyPart(labels, position, chunks[chunk], start, end);
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

const NO_CHUNK = -1;

/** @returns where the copy ends. */
function copyPart(to: Uint8Array, at: number, from: Uint8Array | undefined, start: number, end: number): number {
  if (from && end > start) {
    to.set(from.subarray(start, end), at);
  }
  return at + end - start;
}
