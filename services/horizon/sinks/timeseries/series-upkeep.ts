import { moved } from "../../../shared/moved-column.ts";

/** How often in the time of its retention a series that gets samples is given our settings and its expiry put off. */
const TIMES_PER_RETENTION = 24;

/** How long a series that gets no more samples is kept: never shorter than its retention, and little longer. */
export function seriesTtlMs(retentionMs: number): number {
  return retentionMs + periodMs(retentionMs);
}

/** What a series is due for: that its expiry is put off, or also that its settings and labels are looked at. */
export type UpkeepTask = "expiry" | "all";

/** Which series this process has seen to, by their slots (`series-slots.ts`). */
export class UpkeepMarks {
  /** When the period began in which a series was seen to, in ms since 1970; NaN for those that were not. */
  #doneInMs = new Float64Array(0);

  doneInMs(slot: number): number {
    return slot < this.#doneInMs.length ? (this.#doneInMs[slot] ?? Number.NaN) : Number.NaN;
  }

  mark(slot: number, doneInMs: number): void {
    if (slot >= this.#doneInMs.length) {
      const larger = new Float64Array(2 * slot + 64).fill(Number.NaN, this.#doneInMs.length);
      this.#doneInMs = moved(this.#doneInMs, larger);
    }
    this.#doneInMs[slot] = doneInMs;
  }
}

/**
 * Knows which series are due for upkeep: those that are new to this process, whatever another process has done, and
 * from then on each once in a period, at a moment of its own, so that not all are due together.
 */
export class SeriesUpkeep {
  readonly #periodMs: number;
  #taskForNew: UpkeepTask = "expiry";

  constructor(retentionMs: number) {
    this.#periodMs = periodMs(retentionMs);
  }

  /** From now on series that are new to this process are not taken to have our settings. */
  distrust(): void {
    this.#taskForNew = "all";
  }

  /** @returns undefined when nothing is due. */
  due(marks: UpkeepMarks, slot: number, nowMs: number): UpkeepTask | undefined {
    const waitedMs = nowMs - marks.doneInMs(slot);
    if (waitedMs < this.#periodMs) {
      return undefined;
    }
    return Number.isNaN(waitedMs) ? this.#taskForNew : "all";
  }

  /** Notes that a series has been seen to. @param idLow the low half of its id, from which its moments are made. */
  done(marks: UpkeepMarks, slot: number, idLow: number, nowMs: number): void {
    const phaseMs = Math.floor(((idLow >>> 0) / 2 ** 32) * this.#periodMs);
    marks.mark(slot, Math.floor((nowMs - phaseMs) / this.#periodMs) * this.#periodMs + phaseMs);
  }
}

function periodMs(retentionMs: number): number {
  return Math.ceil(retentionMs / TIMES_PER_RETENTION);
}
