import type { RawSeries, SeriesList } from "./codec.ts";

/** A request in the kernel's memory. */
export interface RequestAtHand {
  /** Whether what its series are recognised by are their label fields. */
  readonly holdsLabels: boolean;
  /** The words about all series of the request. @throws when another request has been read since. */
  readRows(): Uint32Array;
  /** The label bytes at an address, one character a byte. @throws when another request has been read since. */
  readLabels(at: number, length: number): string;
}

/** Words of a series in the kernel's memory; see `assembly/request-rows.ts`. */
export const SERIES_WORDS = 6;

/** A series of a request that the kernel has read. Its labels stay there. */
export class KernelSeries implements RawSeries {
  readonly request: RequestAtHand;
  /** Where its label fields are in the kernel's memory, and how many bytes they take. */
  readonly labelsAt: number;
  readonly labelBytes: number;
  readonly firstSample: number;
  readonly sampleCount: number;
  readonly histogramCount: number;
  readonly exemplarCount: number;

  /** @param words about all series of the request, @param position in it. */
  constructor(request: RequestAtHand, words: Uint32Array, position: number) {
    const at = position * SERIES_WORDS;
    this.request = request;
    this.labelsAt = words[at] ?? 0;
    this.labelBytes = words[at + 1] ?? 0;
    this.firstSample = words[at + 2] ?? 0;
    this.sampleCount = words[at + 3] ?? 0;
    this.histogramCount = words[at + 4] ?? 0;
    this.exemplarCount = words[at + 5] ?? 0;
  }

  get rawLabels(): string {
    return this.request.readLabels(this.labelsAt, this.labelBytes);
  }
}

/** The series of a request that the kernel has read. Objects are made of those only that somebody asks for. */
export class KernelSeriesList implements SeriesList {
  readonly length: number;
  readonly #request: RequestAtHand;
  /** A copy of the rows, once there is a series that needs them. */
  #words: Uint32Array | undefined;

  constructor(request: RequestAtHand, length: number) {
    this.#request = request;
    this.length = length;
  }

  /** The series at a position, counted from the end where it is below 0. */
  at(position: number): KernelSeries | undefined {
    const fromStart = position < 0 ? this.length + position : position;
    if (fromStart < 0 || fromStart >= this.length) {
      return undefined;
    }
    this.#words ??= this.#request.readRows();
    return new KernelSeries(this.#request, this.#words, fromStart);
  }

  map<Result>(convert: (series: RawSeries, position: number, all: RawSeries[]) => Result): Result[] {
    return [...this].map(convert);
  }

  entries(): ReturnType<SeriesList["entries"]> {
    return [...this].entries();
  }

  *[Symbol.iterator](): IterableIterator<KernelSeries> {
    for (let position = 0; position < this.length; position++) {
      const series = this.at(position);
      if (series) {
        yield series;
      }
    }
  }
}
