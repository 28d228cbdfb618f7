import { NONE } from "../../id-index.ts";
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
export function keepBack(keeping: PointKeeping, slice: Slice, times: TimeBounds): void {
  const { table, numbers, starts, ownerNumbers, owners } = slice.groups;
  const ownNumbers = owners.map(({ tenant, namespace }) => keeping.owners.numberOf(tenant, namespace));
  const keeper = new NewestKeeper(keeping, slice, times);
  keeping.kept.begin(table);
  for (let group = 0; group < numbers.length; group++) {
    const owner = ownNumbers[ownerNumbers[group] ?? 0] ?? 0;
    keeper.keep(numbers[group] ?? NONE, owner, starts[group] ?? 0, starts[group + 1] ?? 0);
  }
}

/** Looks at the rows of one series after the other. What it remembers of the last is no object that is made anew. */
class NewestKeeper {
  readonly #keeping: PointKeeping;
  readonly #timestampsMs: Float64Array;
  readonly #values: Float64Array;
  readonly #times: TimeBounds;
  /** Of places: where every sample is kept, as wide as a millisecond. */
  readonly #widthMs: number;
  /** The place that the last sample fell into. Most fall into the same, which need not be divided out. */
  #placeMs = 0;
  /** The newest row so far of a place of the series at hand, and the place; NONE while there is none. */
  #newest = NONE;
  #newestPlaceMs = 0;

  constructor(keeping: PointKeeping, { timestampsMs, valueBits }: Slice, times: TimeBounds) {
    this.#keeping = keeping;
    this.#timestampsMs = timestampsMs;
    this.#values = new Float64Array(valueBits.buffer, valueBits.byteOffset, valueBits.length);
    this.#times = times;
    this.#widthMs = keeping.resolutionMs || 1;
  }

  /** The rows of a series come in order of time: only the newest of each place is offered, which is quicker. */
  keep(series: number, owner: number, first: number, end: number): void {
    const outdone = this.#isPlain(first, end)
      ? end - first - 1 + this.#offerRow(end - 1, series, owner)
      : this.#keepEach(series, owner, first, end);
    if (outdone > 0) {
      this.#keeping.owners.at(owner).outdone += outdone;
    }
  }

  /** Whether rows are what they mostly are: all can be stored, fall into one place, and the last is the newest. */
  #isPlain(first: number, end: number): boolean {
    const [times, values] = [this.#timestampsMs, this.#values];
    const oldestMs = times[first] ?? Number.NaN;
    const newestMs = times[end - 1] ?? Number.NaN;
    if (!(oldestMs >= 0 && oldestMs >= this.#times.oldestMs && newestMs <= this.#times.newestMs)) {
      return false;
    }
    if (newestMs >= this.#placeOf(oldestMs) + this.#widthMs || (end - first > 1 && times[end - 2] === newestMs)) {
      return false;
    }
    // Of a NaN and of the infinities, what is left is not 0 but NaN.
    let left = 0;
    for (let row = first; row < end; row++) {
      const value = values[row] ?? 0;
      left += value - value;
    }
    return left === 0;
  }

  /** @returns how many of the rows were left out for a newer one. */
  #keepEach(series: number, owner: number, first: number, end: number): number {
    let outdone = 0;
    this.#newest = NONE;
    for (let row = first; row < end; row++) {
      if (!this.#isStorable(row, owner)) {
        continue;
      }
      const placeMs = this.#placeOf(this.#timestampsMs[row] ?? 0);
      if (this.#newest !== NONE && placeMs === this.#newestPlaceMs) {
        outdone++;
        this.#takePlace(row);
      } else {
        outdone += this.#offer(series, owner);
        this.#newest = row;
        this.#newestPlaceMs = placeMs;
      }
    }
    return outdone + this.#offer(series, owner);
  }

  #isStorable(row: number, owner: number): boolean {
    const { tally, owners } = this.#keeping;
    const reason = whyNotStorable(this.#timestampsMs[row] ?? 0, this.#values[row] ?? 0, this.#times);
    if (reason) {
      tally.skip(owners.at(owner).tenant, reason, 1);
    }
    return reason === undefined;
  }

  /** @param sampledAtMs whole, not negative. */
  #placeOf(sampledAtMs: number): number {
    if (sampledAtMs < this.#placeMs || sampledAtMs >= this.#placeMs + this.#widthMs) {
      this.#placeMs = sampledAtMs - (sampledAtMs % this.#widthMs);
    }
    return this.#placeMs;
  }

  #takePlace(row: number): void {
    const [times, values, newest] = [this.#timestampsMs, this.#values, this.#newest];
    if (beats(times[row] ?? 0, values[row] ?? 0, times[newest] ?? 0, values[newest] ?? 0)) {
      this.#newest = row;
    }
  }

  /** @returns how many samples were left out for the newest, or it for another. */
  #offer(series: number, owner: number): number {
    return this.#newest === NONE ? 0 : this.#offerRow(this.#newest, series, owner);
  }

  #offerRow(row: number, series: number, owner: number): number {
    const sampledAtMs = this.#timestampsMs[row] ?? 0;
    const placeMs = this.#placeOf(sampledAtMs);
    const { kept } = this.#keeping;
    return kept.offer(series, owner, placeMs, sampledAtMs, this.#values[row] ?? 0) ? 1 : 0;
  }
}
