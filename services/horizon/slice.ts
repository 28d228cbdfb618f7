import type { BlockOwner, SampleColumns } from "../shared/block.ts";
import type { KnownSeries } from "./known-series.ts";
import { putInOrderOfTime } from "./order-of-time.ts";
import type { FoundSeries } from "./series-cache.ts";
import type { SkipLists } from "./skip-lists.ts";

/** A block whose series are all known. */
export interface ResolvedBlock {
  readonly owner: BlockOwner;
  readonly samples: SampleColumns;
  readonly series: FoundSeries;
}

/** The samples of one series within a slice, or some of them: `count` rows of its columns, from `first` on. */
export interface SeriesSamples {
  readonly series: KnownSeries;
  readonly tenant: string;
  /** Under which they were sent; the first, in the rare case that there are two. */
  readonly namespace: string;
  readonly first: number;
  readonly count: number;
}

/** As many samples as are held in memory at once, series by series in order of their times, after the skip lists. */
export interface Slice {
  /** Milliseconds since 1970. */
  readonly timestampsMs: Float64Array;
  /** The 64 bits of each value. */
  readonly valueBits: BigUint64Array;
  /** Their rows follow one another. */
  readonly groups: readonly SeriesSamples[];
  /** Samples per tenant, those of skipped series included. */
  readonly claimed: ReadonlyMap<string, number>;
  /** Samples that the skip lists leave out of `groups`: per tenant, and by the entry that does it. */
  readonly skipped: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

type SkipCheck = Pick<SkipLists, "skippedBy" | "maySkip">;

/** A sample that is left out. */
const SKIPPED = -1;

/** Puts the samples of several blocks together, series by series, without those of skipped series. */
export function buildSlice(blocks: readonly ResolvedBlock[], lists: SkipCheck): Slice {
  // Mostly the samples of a series are then in order already.
  const inTurn = [...blocks].sort((a, b) => (a.samples.timestampsMs[0] ?? 0) - (b.samples.timestampsMs[0] ?? 0));
  const grouping = new Grouping(inTurn);
  const claimed = new Map<string, number>();
  for (const { owner, series } of inTurn) {
    grouping.add(owner, series, lists);
    increase(claimed, owner.tenant, series.numbers.length);
  }
  const groups = grouping.groups();
  const columns = arrange(inTurn, grouping.groupOfSample, groups);
  for (const group of groups) {
    putInOrderOfTime(columns, group);
  }
  return { ...columns, groups, claimed, skipped: grouping.skipped };
}

/** Finds the groups of samples, which come block by block. */
class Grouping {
  /** SKIPPED for those in none. */
  readonly groupOfSample: Int32Array;
  readonly skipped = new Map<string, Map<string, number>>();
  /** The groups, without the places of their samples. */
  readonly #members: Omit<SeriesSamples, "first" | "count">[] = [];
  readonly #counts: number[] = [];
  /** For each generation, the group of the series of a number, plus one. */
  readonly #groupsByNumber = new Map<readonly KnownSeries[], Int32Array>();
  /** Groups by series, where there are several generations: a series may be known of more than one. */
  readonly #groupsBySeries: Map<KnownSeries, number> | undefined;
  #samples = 0;

  constructor(blocks: readonly ResolvedBlock[]) {
    this.groupOfSample = new Int32Array(blocks.reduce((sum, { samples }) => sum + samples.ids.length, 0));
    const isMixed = blocks.some(({ series }) => series.known !== blocks[0]?.series.known);
    this.#groupsBySeries = isMixed ? new Map() : undefined;
  }

  add(owner: BlockOwner, { known, numbers }: FoundSeries, lists: SkipCheck): void {
    const groups = this.#groupsOf(known);
    const [groupOfSample, counts] = [this.groupOfSample, this.#counts];
    const maySkip = lists.maySkip(owner);
    const before = this.#samples;
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i] ?? 0;
      if (maySkip && this.#skips(known[number], owner, lists)) {
        groupOfSample[before + i] = SKIPPED;
        continue;
      }
      let group = (groups[number] ?? 0) - 1;
      if (group < 0) {
        group = this.#groupOf(known[number], owner);
        groups[number] = group + 1;
      }
      groupOfSample[before + i] = group;
      counts[group] = (counts[group] ?? 0) + 1;
    }
    this.#samples += numbers.length;
  }

  groups(): SeriesSamples[] {
    let next = 0;
    return this.#members.map((members, group) => {
      const first = next;
      const count = this.#counts[group] ?? 0;
      next += count;
      return { series: members.series, tenant: members.tenant, namespace: members.namespace, first, count };
    });
  }

  #groupsOf(known: readonly KnownSeries[]): Int32Array {
    let groups = this.#groupsByNumber.get(known);
    if (!groups) {
      groups = new Int32Array(known.length);
      this.#groupsByNumber.set(known, groups);
    }
    return groups;
  }

  #skips(series: KnownSeries | undefined, owner: BlockOwner, lists: SkipCheck): boolean {
    const entry = series && lists.skippedBy(series, owner);
    if (entry !== undefined) {
      increase(countsOf(this.skipped, owner.tenant), entry, 1);
    }
    return entry !== undefined;
  }

  #groupOf(series: KnownSeries | undefined, { tenant, namespace }: BlockOwner): number {
    if (!series) {
      throw new Error("cannot group a sample: its series has no number");
    }
    const known = this.#groupsBySeries?.get(series);
    if (known !== undefined) {
      return known;
    }
    const group = this.#members.push({ series, tenant, namespace }) - 1;
    this.#counts.push(0);
    this.#groupsBySeries?.set(series, group);
    return group;
  }
}

/** Puts the columns of the samples of all blocks in the order of their groups. */
function arrange(
  blocks: readonly ResolvedBlock[],
  groupOfSample: Int32Array,
  groups: readonly SeriesSamples[],
): Pick<Slice, "timestampsMs" | "valueBits"> {
  const next = Int32Array.from(groups, ({ first }) => first);
  const last = groups.at(-1);
  const count = last ? last.first + last.count : 0;
  const timestampsMs = new Float64Array(count);
  const words = new Uint32Array(2 * count);
  let sample = 0;
  for (const { samples } of blocks) {
    // In halves: as doubles some NaNs might lose bits, and as BigInts each would be an object.
    const from = new Uint32Array(samples.valueBits.buffer, samples.valueBits.byteOffset, 2 * samples.valueBits.length);
    for (let i = 0; i < samples.timestampsMs.length; i++) {
      const group = groupOfSample[sample++] ?? SKIPPED;
      if (group === SKIPPED) {
        continue;
      }
      const row = next[group] ?? 0;
      next[group] = row + 1;
      timestampsMs[row] = samples.timestampsMs[i] ?? 0;
      words[2 * row] = from[2 * i] ?? 0;
      words[2 * row + 1] = from[2 * i + 1] ?? 0;
    }
  }
  return { timestampsMs, valueBits: new BigUint64Array(words.buffer) };
}

function countsOf(counts: Map<string, Map<string, number>>, tenant: string): Map<string, number> {
  const own = counts.get(tenant) ?? new Map<string, number>();
  counts.set(tenant, own);
  return own;
}

function increase(counts: Map<string, number>, name: string, samples: number): void {
  counts.set(name, (counts.get(name) ?? 0) + samples);
}
