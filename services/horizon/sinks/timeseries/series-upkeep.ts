import type { KnownSeries } from "../../known-series.ts";

/** How often in the time of its retention a series that gets samples is given our settings and its expiry put off. */
const TIMES_PER_RETENTION = 24;

/** How long a series that gets no more samples is kept: never shorter than its retention, and little longer. */
export function seriesTtlMs(retentionMs: number): number {
  return retentionMs + periodMs(retentionMs);
}

/** What a series is due for: that its expiry is put off, or also that its settings and labels are looked at. */
export type UpkeepTask = "expiry" | "all";

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
  due(series: KnownSeries, nowMs: number): UpkeepTask | undefined {
    const { upkeep } = series;
    if (upkeep?.by !== this) {
      return this.#taskForNew;
    }
    return nowMs - upkeep.doneInMs >= this.#periodMs ? "all" : undefined;
  }

  /** Notes that a series has been seen to. */
  done(series: KnownSeries, nowMs: number): void {
    const phaseMs = Number(series.id % BigInt(this.#periodMs));
    const doneInMs = Math.floor((nowMs - phaseMs) / this.#periodMs) * this.#periodMs + phaseMs;
    series.upkeep = { by: this, doneInMs };
  }
}

function periodMs(retentionMs: number): number {
  return Math.ceil(retentionMs / TIMES_PER_RETENTION);
}
