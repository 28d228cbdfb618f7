import type { KnownSeries } from "../../known-series.ts";
import type { SeriesPoint } from "./timeseries-writer.ts";

/** The points of one window of time, of several series; no two for the same place. */
export interface PointWindow {
  readonly startMs: number;
  readonly points: readonly SeriesPoint[];
}

/**
 * Points of a claim that are kept back, because a newer one may come for the same place: the same series, stored at the
 * same time. Of samples of the very same time the greater value is kept, since nobody knows which came last, and the
 * choice must be the same when the claim is delivered again.
 */
export class KeptPoints {
  readonly #windowMs: number;
  /** By the time that they are stored at. */
  #points = new Map<number, Map<KnownSeries, SeriesPoint>>();
  #size = 0;

  /** @param windowMs a multiple of the time between places, if there is one. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** How many points are kept. */
  get size(): number {
    return this.#size;
  }

  /** Keeps a point unless a newer one has its place. @returns whether one of the two was left out. */
  offer(point: SeriesPoint): boolean {
    const place = this.#place(point.storedAtMs);
    const known = place.get(point.series);
    if (!known) {
      this.#size++;
    }
    if (!known || beats(point.sampledAtMs, point.value, known)) {
      place.set(point.series, point);
    }
    return known !== undefined;
  }

  /** Gives all points away, in order of time: RedisTimeSeries takes them best like that. */
  drain(): PointWindow[] {
    const windows = new Map<number, SeriesPoint[]>();
    for (const [storedAtMs, points] of [...this.#points].sort(([a], [b]) => a - b)) {
      const startMs = storedAtMs - (storedAtMs % this.#windowMs);
      const window = windows.get(startMs) ?? [];
      windows.set(startMs, window);
      for (const point of points.values()) {
        window.push(point);
      }
    }
    this.#points = new Map();
    this.#size = 0;
    return [...windows].map(([startMs, points]) => ({ startMs, points }));
  }

  #place(storedAtMs: number): Map<KnownSeries, SeriesPoint> {
    let place = this.#points.get(storedAtMs);
    if (!place) {
      place = new Map();
      this.#points.set(storedAtMs, place);
    }
    return place;
  }
}

/** Whether a sample takes the place of another: it is newer, or of the same time and greater. */
export function beats(
  sampledAtMs: number,
  value: number,
  known: { readonly sampledAtMs: number; readonly value: number },
): boolean {
  if (sampledAtMs !== known.sampledAtMs) {
    return sampledAtMs > known.sampledAtMs;
  }
  return value > known.value || (value === 0 && Object.is(known.value, -0));
}
