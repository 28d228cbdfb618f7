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
  /** Where series went when they were met again; one more than the number there. */
  #successors = new Uint32Array(0);

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

  /** Notes a verdict. @returns its code. */
  note(number: number, verdict: Verdict): number {
    const code = verdict.kind === "keep" ? keepCode(verdict.series, verdict.merged) : -this.#rejections.push(verdict);
    this.reach(number);
    this.#codes[number] = code;
    return code;
  }

  /** Takes over what the other half said under a number. @returns its code here. */
  adopt(number: number, others: Verdicts, before: number): number {
    const code = others.codeOf(before);
    if (code === UNKNOWN) {
      return UNKNOWN;
    }
    return this.note(
      number,
      code > UNKNOWN
        ? { kind: "keep", series: this.adoptSeries(others, seriesOf(code)), merged: isMerged(code) }
        : others.rejectionOf(code),
    );
  }

  /** Takes over a series that the other half knows, unless that was done before. @returns its number here. */
  adoptSeries(others: Verdicts, series: number): number {
    const successor = others.#successors[series] ?? 0;
    if (successor !== 0) {
      return successor - 1;
    }
    const adopted = this.known.adopt(others.known, series);
    others.#successors[series] = adopted + 1;
    return adopted;
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

  /** Called when it becomes the old half. */
  growOld(): void {
    this.#successors = new Uint32Array(this.known.size);
  }
}

function keepCode(series: number, merged: boolean): number {
  return ((series + 1) << 1) | (merged ? 1 : 0);
}
