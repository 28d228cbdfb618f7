import type { RawSeries } from "./codec.ts";

/** A request in the kernel's memory. */
export interface RequestAtHand {
  /** Whether what its series are recognised by are their label fields. */
  readonly holdsLabels: boolean;
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
