import type { BlockOwner } from "../shared/block.ts";
import type { KnownSeries } from "./known-series.ts";
import type { SeriesTable } from "./series-table.ts";

/** The samples of one series within a slice: `count` rows of its columns, from `first` on. */
export interface SeriesSamples {
  readonly series: KnownSeries;
  readonly tenant: string;
  /** Under which they were sent; the first, in the rare case that there are two. */
  readonly namespace: string;
  readonly first: number;
  readonly count: number;
}

/** Whose samples are. */
export type SampleOwner = Pick<BlockOwner, "tenant" | "namespace">;

/** What `SampleGroups` is made of: entry i of each column belongs to group i. */
export interface GroupColumns {
  /** What the numbers of the series are from. */
  readonly table: SeriesTable;
  /** Of the series of each group. */
  readonly numbers: Int32Array;
  /** The first row of each group, and behind the last the end of its rows. */
  readonly starts: Int32Array;
  /** Of each group, the place of its owner in `owners`. */
  readonly ownerNumbers: Int32Array;
  readonly owners: readonly SampleOwner[];
}

/**
 * The samples of a slice by series. There are nearly as many groups as samples where a slice has few of each series, so
 * they are columns; what `at` and iterating give are objects made for the occasion.
 */
export class SampleGroups implements GroupColumns, Iterable<SeriesSamples> {
  readonly table: SeriesTable;
  readonly numbers: Int32Array;
  readonly starts: Int32Array;
  readonly ownerNumbers: Int32Array;
  readonly owners: readonly SampleOwner[];

  constructor({ table, numbers, starts, ownerNumbers, owners }: GroupColumns) {
    this.table = table;
    this.numbers = numbers;
    this.starts = starts;
    this.ownerNumbers = ownerNumbers;
    this.owners = owners;
  }

  get length(): number {
    return this.numbers.length;
  }

  /** Group number i. @throws when there is none. */
  at(i: number): SeriesSamples {
    const owner = this.owners[this.ownerNumbers[i] ?? -1];
    if (i >= this.length || !owner) {
      throw new Error(`cannot find group ${i} of a slice: it has ${this.length}`);
    }
    const series = this.table.at(this.numbers[i] ?? -1);
    const first = this.starts[i] ?? 0;
    const count = (this.starts[i + 1] ?? 0) - first;
    return { series, tenant: owner.tenant, namespace: owner.namespace, first, count };
  }

  *[Symbol.iterator](): Generator<SeriesSamples> {
    for (let i = 0; i < this.length; i++) {
      yield this.at(i);
    }
  }
}
