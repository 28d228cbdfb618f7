import { moved } from "../../../shared/moved-column.ts";
import { readVarint, unzigzag, writeVarint, zigzag } from "../../../shared/varint.ts";

/*
 * Which sample of each series stands in a bucket, so that an older one that comes later does not take its place. In
 * memory two columns, indexed by slot (`series-slots.ts`); as bytes, runs of slots with the same entry:
 *
 *   uvarint  slots in the run
 *   svarint  rank + 1, 0 for none; difference to the run before    (zigzag, `varint.ts`)
 *   svarint  order; difference to the run before
 *
 * Series that are scraped together have slots side by side and samples of the same time, so there are far fewer runs
 * than series.
 */

const NONE = -1;
/** Three varints. */
const MAX_RUN_BYTES = 24;

/**
 * For every series of a bucket the sample that has been written there: its rank, and the order of its claim, which
 * decides between samples of one rank. Ranks and orders are whole numbers from 0 to 2⁵¹.
 */
export class NewestSamples {
  #ranks = new Float64Array(0);
  #orders = new Float64Array(0);
  /** Slots from here on have no entry. */
  #end = 0;

  /** Whether a sample has been written that beats this one: of a higher rank, or of the same and from a later claim. */
  isOutdone(slot: number, rank: number, order: number): boolean {
    const known = slot < this.#end ? (this.#ranks[slot] ?? NONE) : NONE;
    return rank < known || (rank === known && order < (this.#orders[slot] ?? 0));
  }

  /** Notes that a sample has been written. */
  note(slot: number, rank: number, order: number): void {
    if (slot >= this.#end) {
      this.reserve(slot + 1);
    }
    this.#ranks[slot] = rank;
    this.#orders[slot] = order;
  }

  /** Makes room for entries of all slots below this one, which is quicker than to do it one by one. */
  reserve(slots: number): void {
    if (slots > this.#ranks.length) {
      const capacity = Math.max(slots, this.#ranks.length * 2, 64);
      this.#ranks = grown(this.#ranks, capacity, NONE);
      this.#orders = grown(this.#orders, capacity, 0);
    }
    this.#end = Math.max(this.#end, slots);
  }

  encode(): Buffer {
    const runs = [...this.#runs()];
    const bytes = Buffer.allocUnsafe(runs.length * MAX_RUN_BYTES);
    let position = 0;
    let before = { rank: NONE, order: 0 };
    for (const run of runs) {
      position = writeVarint(bytes, position, run.length);
      position = writeVarint(bytes, position, zigzag(run.rank - before.rank));
      position = writeVarint(bytes, position, zigzag(run.order - before.order));
      before = run;
    }
    return bytes.subarray(0, position);
  }

  /** Reads what `encode` wrote; undefined for other bytes, and for entries of more slots than there are. */
  static decode(bytes: Buffer, slots: number): NewestSamples | undefined {
    const newest = new NewestSamples();
    let rank = NONE;
    let order = 0;
    for (let position = 0; position < bytes.length; ) {
      const length = readVarint(bytes, position);
      const rankStep = length && readVarint(bytes, length.next);
      const orderStep = rankStep && readVarint(bytes, rankStep.next);
      if (!orderStep || newest.#end + length.value > slots) {
        return undefined;
      }
      rank += unzigzag(rankStep.value);
      order += unzigzag(orderStep.value);
      newest.#fill(length.value, rank, order);
      position = orderStep.next;
    }
    return newest;
  }

  *#runs(): Generator<{ length: number; rank: number; order: number }> {
    for (let start = 0; start < this.#end; ) {
      const rank = this.#ranks[start] ?? NONE;
      const order = this.#orders[start] ?? 0;
      let end = start + 1;
      while (end < this.#end && this.#ranks[end] === rank && this.#orders[end] === order) {
        end++;
      }
      yield { length: end - start, rank, order };
      start = end;
    }
  }

  #fill(length: number, rank: number, order: number): void {
    const start = this.#end;
    this.reserve(start + length);
    this.#ranks.fill(rank, start, start + length);
    this.#orders.fill(order, start, start + length);
  }
}

function grown(column: Float64Array<ArrayBuffer>, capacity: number, filler: number): Float64Array<ArrayBuffer> {
  return moved(column, new Float64Array(capacity).fill(filler, column.length));
}
