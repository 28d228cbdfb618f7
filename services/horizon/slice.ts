import type { BlockOwner, SampleColumns } from "../shared/block.ts";
import { type ColumnMaker, OWN_COLUMNS } from "../shared/column-space.ts";
import { moved } from "../shared/moved-column.ts";
import { putInOrderOfTime } from "./order-of-time.ts";
import { SampleGroups } from "./sample-groups.ts";
import type { FoundSeries } from "./series-cache.ts";
import { SeriesTable } from "./series-table.ts";
import { SkipCounts } from "./skip-counts.ts";
import type { SkipLists } from "./skip-lists.ts";

/** A block whose series are all known. */
export interface ResolvedBlock {
  readonly owner: BlockOwner;
  readonly samples: SampleColumns;
  readonly series: FoundSeries;
}

/** As many samples as are held in memory at once, series by series in order of their times, after the skip lists. */
export interface Slice {
  /** Milliseconds since 1970. */
  readonly timestampsMs: Float64Array;
  /** The 64 bits of each value. */
  readonly valueBits: BigUint64Array;
  /** Their rows follow one another. */
  readonly groups: SampleGroups;
  /** Samples per tenant, those of skipped series included. */
  readonly claimed: ReadonlyMap<string, number>;
  /** Samples that the skip lists leave out of `groups`: per tenant, and by the entry that does it. */
  readonly skipped: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** A sample that is left out. */
const SKIPPED = -1;

/** What columns are made with. */
export interface SliceMakers {
  /** Those of the slice. */
  readonly kept: ColumnMaker;
  /** Those that are needed while it is built, and not after that. */
  readonly scratch: ColumnMaker;
}

const OWN_MAKERS = { kept: OWN_COLUMNS, scratch: OWN_COLUMNS };

/** Puts the samples of several blocks together, series by series, without those of skipped series. */
export function buildSlice(
  blocks: readonly ResolvedBlock[],
  lists: Pick<SkipLists, "skipperOf">,
  makers: SliceMakers = OWN_MAKERS,
): Slice {
  // Mostly the samples of a series are then in order already.
  const inTurn = [...blocks].sort((a, b) => (a.samples.timestampsMs[0] ?? 0) - (b.samples.timestampsMs[0] ?? 0));
  const skips = new SkipCounts(lists);
  const table = inTurn[0]?.series.table ?? new SeriesTable();
  const numbers = inTurn.map(({ series }) => numbersIn(table, series));
  const grouping = new Grouping(countSamples(inTurn), table, skips, makers);
  const claimed = new Map<string, number>();
  for (const [i, { owner, samples }] of inTurn.entries()) {
    grouping.add(owner, numbers[i] ?? new Int32Array(0));
    claimed.set(owner.tenant, (claimed.get(owner.tenant) ?? 0) + samples.timestampsMs.length);
  }
  const groups = grouping.groups();
  return { ...arrange(inTurn, grouping.groupOfSample, groups, makers), groups, claimed, skipped: skips.byTenant };
}

/** Around the turn of an hour, and behind a backlog, blocks name several generations, and with them tables. */
function numbersIn(table: SeriesTable, series: FoundSeries): Int32Array {
  return series.table === table ? series.numbers : table.adoptAll(series.table, series.numbers);
}

function countSamples(blocks: readonly ResolvedBlock[]): number {
  return blocks.reduce((sum, { samples }) => sum + samples.timestampsMs.length, 0);
}

/** Finds the groups of samples, which come block by block. */
class Grouping {
  /** SKIPPED for those in none. */
  readonly groupOfSample: Int32Array;
  readonly #makers: SliceMakers;
  readonly #skips: SkipCounts;
  readonly #table: SeriesTable;
  /** By the number of a series, its group plus one. */
  readonly #groups: Int32Array;
  /** By group. */
  readonly #numbers: Int32Array;
  readonly #counts: Int32Array;
  readonly #ownerNumbers: Int32Array;
  readonly #owners: BlockOwner[] = [];
  #groupCount = 0;
  #samples = 0;

  /** @param table that all series are known to. */
  constructor(samples: number, table: SeriesTable, skips: SkipCounts, makers: SliceMakers) {
    const { kept, scratch } = makers;
    this.groupOfSample = scratch.int32(samples);
    this.#makers = makers;
    this.#skips = skips;
    this.#table = table;
    this.#groups = scratch.int32(table.size).fill(0);
    const most = Math.min(samples, table.size);
    this.#numbers = kept.int32(most);
    this.#counts = scratch.int32(most).fill(0);
    this.#ownerNumbers = kept.int32(most);
  }

  add(owner: BlockOwner, numbers: Int32Array): void {
    const [groups, groupOfSample, counts] = [this.#groups, this.groupOfSample, this.#counts];
    const ownerNumber = this.#numberOf(owner);
    const isSkipped = this.#skips.checkFor(owner, this.#table);
    const before = this.#samples;
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i] ?? 0;
      if (isSkipped?.(number)) {
        groupOfSample[before + i] = SKIPPED;
        continue;
      }
      let group = (groups[number] ?? 0) - 1;
      if (group < 0) {
        group = this.#groupCount++;
        this.#numbers[group] = number;
        this.#ownerNumbers[group] = ownerNumber;
        groups[number] = group + 1;
      }
      groupOfSample[before + i] = group;
      counts[group] = (counts[group] ?? 0) + 1;
    }
    this.#samples += numbers.length;
  }

  groups(): SampleGroups {
    const count = this.#groupCount;
    const starts = this.#makers.kept.int32(count + 1).fill(0, 0, 1);
    for (let group = 0; group < count; group++) {
      starts[group + 1] = (starts[group] ?? 0) + (this.#counts[group] ?? 0);
    }
    const numbers = this.#numbers.subarray(0, count);
    const ownerNumbers = this.#ownerNumbers.subarray(0, count);
    return new SampleGroups({ table: this.#table, numbers, starts, ownerNumbers, owners: this.#owners });
  }

  /** Blocks of the same owner mostly follow one another. */
  #numberOf(owner: BlockOwner): number {
    const last = this.#owners.at(-1);
    return last?.tenant === owner.tenant && last.namespace === owner.namespace
      ? this.#owners.length - 1
      : this.#owners.push(owner) - 1;
  }
}

/** Puts the columns of the samples of all blocks in the order of their groups, and each group in order of time. */
function arrange(
  blocks: readonly ResolvedBlock[],
  groupOfSample: Int32Array,
  { starts }: SampleGroups,
  { kept, scratch }: SliceMakers,
): Pick<Slice, "timestampsMs" | "valueBits"> {
  const rows = starts.at(-1) ?? 0;
  const columns = { timestampsMs: kept.float64(rows), valueBits: kept.bigUint64(rows) };
  const places = { starts, next: moved(starts, scratch.int32(starts.length)), disordered: new Set<number>() };
  let sample = 0;
  for (const { samples } of blocks) {
    const end = sample + samples.timestampsMs.length;
    place(columns, places, samples, groupOfSample.subarray(sample, end));
    sample = end;
  }
  for (const group of places.disordered) {
    putInOrderOfTime(columns, starts[group] ?? 0, starts[group + 1] ?? 0);
  }
  return columns;
}

/** Where the rows of the groups begin, where the next row of each goes, and which groups are not in order of time. */
interface Places {
  readonly starts: Int32Array;
  readonly next: Int32Array;
  readonly disordered: Set<number>;
}

type Columns = Pick<Slice, "timestampsMs" | "valueBits">;

function place(to: Columns, { starts, next, disordered }: Places, from: Columns, groups: Int32Array): void {
  const [times, fromTimes] = [to.timestampsMs, from.timestampsMs];
  const [words, fromWords] = [wordsOf(to.valueBits), wordsOf(from.valueBits)];
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i] ?? SKIPPED;
    if (group === SKIPPED) {
      continue;
    }
    const row = next[group] ?? 0;
    const timestampMs = fromTimes[i] ?? 0;
    next[group] = row + 1;
    times[row] = timestampMs;
    words[2 * row] = fromWords[2 * i] ?? 0;
    words[2 * row + 1] = fromWords[2 * i + 1] ?? 0;
    if (row !== starts[group] && timestampMs < (times[row - 1] ?? 0)) {
      disordered.add(group);
    }
  }
}

/** In halves: as doubles some NaNs might lose bits, and as BigInts each would be an object. */
function wordsOf(bits: BigUint64Array): Uint32Array {
  return new Uint32Array(bits.buffer, bits.byteOffset, 2 * bits.length);
}
