import type { DropReason, SeriesRefusal } from "../reasons.ts";
import { KnownSeries } from "./known-series.ts";
import type { HashSecret } from "./series-by-id.ts";

/** Why no sample of a series is kept. */
export type Rejection =
  | { readonly kind: "drop"; readonly reason: DropReason }
  | { readonly kind: "refuse"; readonly reason: SeriesRefusal; readonly detail: string };

/** What becomes of every sample of a series in a stream. `series` is a number of `KnownSeries`. */
export type Verdict = { readonly kind: "keep"; readonly series: number; readonly merged: boolean } | Rejection;

/** No verdict. Below it, a code is a rejection; above it, a series that is kept. */
export const UNKNOWN = 0;

const FIRST_ROOM = 64;

/** The code that keeps a series. @param merged whether a rule has made it the same as another one. */
export function codeOfSeries(series: number, merged: boolean): number {
  return ((series + 1) << 1) | (merged ? 1 : 0);
}

/** The series that a code keeps. */
export function seriesOf(code: number): number {
  return (code >> 1) - 1;
}

/** Whether a code keeps a series that a rule has made the same as another one. */
export function isMerged(code: number): boolean {
  return (code & 1) === 1;
}

/** Verdicts, by the numbers that the series index gives in one of its halves; each is a code, a number of 32 bits. */
export class Verdicts {
  readonly known: KnownSeries;
  readonly #rejections: Rejection[] = [];
  #codes = new Int32Array(FIRST_ROOM);
  #size = 0;

  constructor(secret: HashSecret) {
    this.known = new KnownSeries(secret);
  }

  /** Numbers so far, with verdicts or without. */
  get size(): number {
    return this.#size;
  }

  /** The code of a number. */
  codeOf(number: number): number {
    return number < this.#size ? (this.#codes[number] ?? UNKNOWN) : UNKNOWN;
  }

  /** Makes room for numbers up to this one. */
  reach(number: number): void {
    if (number < this.#size) {
      return;
    }
    this.#size = number + 1;
    if (this.#size > this.#codes.length) {
      const codes = new Int32Array(2 ** Math.ceil(Math.log2(this.#size)));
      codes.set(this.#codes);
      this.#codes = codes;
    }
  }

  /** Notes the code of a verdict under a number. */
  note(number: number, code: number): void {
    this.reach(number);
    this.#codes[number] = code;
  }

  /** @returns the code of a rejection. */
  reject(rejection: Rejection): number {
    return -this.#rejections.push(rejection);
  }

  /** Takes over what the other half said under a number. @returns its code here. */
  adopt(number: number, others: Verdicts, before: number): number {
    const code = this.#adoptCode(others, others.codeOf(before));
    this.note(number, code);
    return code;
  }

  #adoptCode(others: Verdicts, code: number): number {
    if (code === UNKNOWN) {
      return UNKNOWN;
    }
    return code > UNKNOWN
      ? codeOfSeries(this.known.adopt(others.known, seriesOf(code)), isMerged(code))
      : this.reject(others.rejectionOf(code));
  }

  rejectionOf(code: number): Rejection {
    const rejection = this.#rejections[-code - 1];
    if (!rejection) {
      throw new Error(`cannot tell what became of a series: code ${code}`);
    }
    return rejection;
  }

  verdictOf(code: number): Verdict {
    return code > UNKNOWN ? { kind: "keep", series: seriesOf(code), merged: isMerged(code) } : this.rejectionOf(code);
  }
}
