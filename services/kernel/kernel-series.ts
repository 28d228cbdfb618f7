import type { RawSeries } from "./codec.ts";

/** A request in the kernel's memory. */
export interface RequestAtHand {
  /** A copy of its words about series, `SERIES_WORDS` each. */
  readonly words: Uint32Array;
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
  readonly #at: number;

  /** @param position in the request. */
  constructor(request: RequestAtHand, position: number) {
    this.request = request;
    this.#at = position * SERIES_WORDS;
  }

  /** Where its label fields are in the kernel's memory. */
  get labelsAt(): number {
    return this.#word(0);
  }

  /** How many bytes they take. */
  get labelBytes(): number {
    return this.#word(1);
  }

  get firstSample(): number {
    return this.#word(2);
  }

  get sampleCount(): number {
    return this.#word(3);
  }

  get histogramCount(): number {
    return this.#word(4);
  }

  get exemplarCount(): number {
    return this.#word(5);
  }

  get rawLabels(): string {
    return this.request.readLabels(this.labelsAt, this.labelBytes);
  }

  #word(word: number): number {
    return this.request.words[this.#at + word] ?? 0;
  }
}
