import { getRandomValues, randomBytes } from "node:crypto";
import { moved } from "../../../shared/moved-column.ts";
import type { RunScript } from "../../../shared/redis-scripts/run-script.ts";
import { IdIndex, NONE, randomMultipliers } from "../../id-index.ts";
import { UpkeepMarks } from "./series-upkeep.ts";

/** Bytes that tell one list from another that was begun after it was lost. */
export const STAMP_BYTES = 16;
const ID_BYTES = 8;

/** The one command that is needed beside the scripts. */
export interface SlotReader {
  getrangeBuffer(key: string, start: number, end: number): Promise<Buffer>;
}

/**
 * Gives every series a small number, its slot, which is the same in every process: its place in a list of ids that is
 * kept in Redis and only grows. Where an id stands in it twice, because two processes added it, the first counts.
 */
export class SeriesSlots {
  readonly #key: string;
  readonly #redis: SlotReader;
  readonly #runScript: RunScript;
  readonly #slots = new IdIndex(randomMultipliers(getRandomValues));
  #stamp = randomBytes(STAMP_BYTES);
  /** The halves of the ids in the list, by slot. */
  #halves = new Int32Array(2048);
  /** Slots that have been read or assigned so far. */
  #count = 0;
  #hasTwice = false;
  #upkeep = new UpkeepMarks();

  constructor(redis: SlotReader, runScript: RunScript, key: string) {
    this.#redis = redis;
    this.#runScript = runScript;
    this.#key = key;
  }

  /** What tells this list from others that had or will have its key. */
  get stamp(): Buffer {
    return this.#stamp;
  }

  get count(): number {
    return this.#count;
  }

  /** What was done to the series in these slots. */
  get upkeep(): UpkeepMarks {
    return this.#upkeep;
  }

  /** The slots of some series, NONE for those that have none. */
  slotsOf(ids: BigUint64Array): Int32Array {
    // Series mostly come in the order in which they came first. An id that is listed twice has its first slot, which is no guess.
    return this.#slots.getAll(ids, this.#halves, this.#hasTwice ? 0 : this.#count);
  }

  /**
   * Makes sure that all these series have slots, and that Redis keeps the list for a time from now on.
   * @returns their slots.
   */
  async assign(ids: BigUint64Array, ttlMs: number): Promise<Int32Array> {
    await this.#catchUp();
    const slots = this.slotsOf(ids);
    const missing = slots.includes(NONE) ? new Set(ids.filter((_, i) => slots[i] === NONE)) : [];
    const bytes = Buffer.from(BigUint64Array.from(missing).buffer);
    const length = await this.#runScript("assign-slots", [this.#key], [this.#stamp, bytes, ttlMs]);
    if (typeof length !== "number") {
      throw new Error("cannot assign slots: the list was lost meanwhile");
    }
    if (length === this.#bytesRead() + bytes.length) {
      this.#absorb(bytes);
    } else {
      await this.#catchUp();
    }
    return bytes.length === 0 ? slots : this.slotsOf(ids);
  }

  /** Reads what other processes have added. */
  async #catchUp(): Promise<void> {
    const [stamp, tail] = await Promise.all([
      this.#redis.getrangeBuffer(this.#key, 0, STAMP_BYTES - 1),
      this.#redis.getrangeBuffer(this.#key, this.#bytesRead(), -1),
    ]);
    if (stamp.equals(this.#stamp)) {
      this.#absorb(tail);
      return;
    }
    const isThere = stamp.length === STAMP_BYTES;
    if (!isThere && this.#count === 0) {
      return;
    }
    this.#slots.clear();
    this.#upkeep = new UpkeepMarks();
    this.#hasTwice = false;
    this.#count = 0;
    this.#stamp = isThere ? Buffer.from(stamp) : randomBytes(STAMP_BYTES);
    this.#absorb(isThere ? await this.#redis.getrangeBuffer(this.#key, STAMP_BYTES, -1) : Buffer.alloc(0));
  }

  #bytesRead(): number {
    return STAMP_BYTES + this.#count * ID_BYTES;
  }

  #absorb(bytes: Buffer): void {
    this.#reserve(this.#count + Math.floor(bytes.length / ID_BYTES));
    for (let position = 0; position + ID_BYTES <= bytes.length; position += ID_BYTES) {
      const [low, high] = [bytes.readInt32LE(position), bytes.readInt32LE(position + 4)];
      if (this.#slots.get(low, high) === NONE) {
        this.#slots.set(low, high, this.#count);
      } else {
        this.#hasTwice = true;
      }
      this.#halves[2 * this.#count] = low;
      this.#halves[2 * this.#count + 1] = high;
      this.#count++;
    }
  }

  #reserve(slots: number): void {
    if (2 * slots > this.#halves.length) {
      this.#halves = moved(this.#halves, new Int32Array(Math.max(2 * slots, 2 * this.#halves.length)));
    }
  }
}
