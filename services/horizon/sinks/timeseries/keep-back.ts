import type { SeriesSamples } from "../../sample-groups.ts";
import type { Slice } from "../../slice.ts";
import type { Tally } from "../../tally.ts";
import { beats, type KeptPoints } from "./kept-points.ts";
import type { PointOwners } from "./point-owners.ts";
import { type TimeBounds, whyNotStorable } from "./storable.ts";

/** Where samples go that are kept back, and what is counted of the others. */
export interface PointKeeping {
  readonly kept: KeptPoints;
  readonly owners: PointOwners;
  readonly tally: Tally;
  /** Width of a bucket in ms; 0 keeps every sample at its own time. */
  readonly resolutionMs: number;
}

/** Keeps back, of the samples of a slice, the newest that can be stored of each bucket; the others are counted. */
export function keepBack(keeping: PointKeeping, { groups, timestampsMs, valueBits }: Slice, times: TimeBounds): void {
  const values = new Float64Array(valueBits.buffer, valueBits.byteOffset, valueBits.length);
  const newest = { storedAtMs: Number.NaN, sampledAtMs: 0, value: 0 };
  const slice = { timestampsMs, values, times, places: new Places(keeping.resolutionMs), newest };
  for (let i = 0; i < groups.length; i++) {
    keepNewest(keeping, groups.at(i), slice);
  }
}

interface SliceRows {
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  readonly times: TimeBounds;
  readonly places: Places;
  /** Of the place at hand. */
  readonly newest: NewestRow;
}

/** The newest sample so far of a place; NaN for the place that there is none of. */
interface NewestRow {
  storedAtMs: number;
  sampledAtMs: number;
  value: number;
}

/** The rows of a series come in order of time: only the newest of each place is offered, which is quicker. */
function keepNewest(keeping: PointKeeping, group: SeriesSamples, slice: SliceRows): void {
  const { tenant, namespace, first, count } = group;
  const { timestampsMs, values, times, places, newest } = slice;
  const owner = keeping.owners.numberOf(tenant, namespace);
  let outdone = 0;
  newest.storedAtMs = Number.NaN;
  for (let row = first; row < first + count; row++) {
    const sampledAtMs = timestampsMs[row] ?? 0;
    const value = values[row] ?? 0;
    const reason = whyNotStorable(sampledAtMs, value, times);
    if (reason) {
      keeping.tally.skip(tenant, reason, 1);
      continue;
    }
    const storedAtMs = places.of(sampledAtMs);
    if (storedAtMs === newest.storedAtMs) {
      outdone++;
      takePlace(newest, sampledAtMs, value);
    } else {
      outdone += offer(keeping, group, owner, newest);
      newest.storedAtMs = storedAtMs;
      newest.sampledAtMs = sampledAtMs;
      newest.value = value;
    }
  }
  outdone += offer(keeping, group, owner, newest);
  if (outdone > 0) {
    keeping.owners.at(owner).outdone += outdone;
  }
}

function takePlace(newest: NewestRow, sampledAtMs: number, value: number): void {
  if (beats(sampledAtMs, value, newest.sampledAtMs, newest.value)) {
    newest.sampledAtMs = sampledAtMs;
    newest.value = value;
  }
}

/** @returns how many samples were left out for it, or it for another. */
function offer({ kept }: PointKeeping, { series }: SeriesSamples, owner: number, newest: NewestRow): number {
  const { storedAtMs, sampledAtMs, value } = newest;
  return !Number.isNaN(storedAtMs) && kept.offer(series, owner, storedAtMs, sampledAtMs, value) ? 1 : 0;
}

/** Where samples are stored. Most fall into the same bucket as the one before, which need not be divided out. */
class Places {
  readonly #widthMs: number;
  #startMs = 0;

  constructor(resolutionMs: number) {
    this.#widthMs = resolutionMs || 1;
  }

  /** @param sampledAtMs whole, not negative. */
  of(sampledAtMs: number): number {
    if (sampledAtMs < this.#startMs || sampledAtMs >= this.#startMs + this.#widthMs) {
      this.#startMs = sampledAtMs - (sampledAtMs % this.#widthMs);
    }
    return this.#startMs;
  }
}
