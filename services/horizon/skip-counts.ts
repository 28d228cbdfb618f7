import type { BlockOwner } from "../shared/block.ts";
import type { SeriesTable } from "./series-table.ts";
import type { SkipLists } from "./skip-lists.ts";

/** Asks the skip lists about the samples of a slice, and counts those that they skip. */
export class SkipCounts {
  /** Skipped samples: per tenant, and by the entry that does it. */
  readonly byTenant = new Map<string, Map<string, number>>();
  readonly #lists: Pick<SkipLists, "skipperOf">;

  constructor(lists: Pick<SkipLists, "skipperOf">) {
    this.#lists = lists;
  }

  /**
   * What tells, and counts, whether a sample of an owner is skipped, by the number of its series in `table`; undefined
   * where no entry could skip any.
   */
  checkFor(owner: BlockOwner, table: SeriesTable): ((number: number) => boolean) | undefined {
    const skippedBy = this.#lists.skipperOf(table, owner);
    if (!skippedBy) {
      return undefined;
    }
    return (number) => {
      const entry = skippedBy(number);
      if (entry !== undefined) {
        this.#count(owner.tenant, entry);
      }
      return entry !== undefined;
    };
  }

  #count(tenant: string, entry: string): void {
    const counts = this.byTenant.get(tenant) ?? new Map<string, number>();
    this.byTenant.set(tenant, counts.set(entry, (counts.get(entry) ?? 0) + 1));
  }
}
