import type { Redis } from "ioredis";
import type { Block } from "../shared/block.ts";
import type { ShardKeys } from "../shared/buffer-keys.ts";
import { ByteSpace, type KeptBytes } from "../shared/byte-space.ts";
import type { SeriesId } from "../shared/series.ts";
import { idBytes } from "../shared/series-id.ts";
import { NONE } from "./id-index.ts";
import { recordWireLabels, wireLabelsOf } from "./known-series.ts";
import { SeriesTable } from "./series-table.ts";

/** Ids that are asked for in one command. */
const IDS_PER_COMMAND = 2000;
/** Generations of which the series are remembered: those used last. */
const MAX_GENERATIONS = 3;
const LABEL_CHUNK_BYTES = 262_144;

/** The series of the samples of a block. */
export interface FoundSeries {
  /** All that are known of a generation, others than those of the block too. */
  readonly table: SeriesTable;
  /** Of the series of each sample. */
  readonly numbers: Int32Array;
}

export interface SeriesCacheOptions {
  readonly redis: Redis;
  readonly keys: ShardKeys;
  /** Series to remember at most, over all generations. */
  readonly maxSeries: number;
}

/** Finds the series of blocks in a shard's registry, and remembers those that it found. */
export class SeriesCache {
  readonly #options: SeriesCacheOptions;
  /** By generation, the one used last at the end. */
  readonly #generations = new Map<number, SeriesTable>();
  readonly #labelSpace = new ByteSpace(LABEL_CHUNK_BYTES);
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: SeriesCacheOptions) {
    this.#options = options;
  }

  /**
   * Finds the series of every sample of some blocks: in the generation that a block names, else in any other that
   * exists, newest first.
   * @returns for each block the series of its samples, or undefined where any of them is unknown.
   * @throws when Redis does not answer.
   */
  resolve(blocks: readonly Block[]): Promise<(FoundSeries | undefined)[]> {
    // One at a time: both sinks read the same blocks at about the same time, and the second then finds all here.
    const result = this.#turn.then(() => this.#resolve(blocks));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Forgets all series: the shard is another instance's now. */
  clear(): void {
    this.#generations.clear();
  }

  async #resolve(blocks: readonly Block[]): Promise<(FoundSeries | undefined)[]> {
    const found = blocks.map((block) => this.#lookUp(block));
    const wanted = new Map<number, Set<SeriesId>>();
    for (const [i, { generation, samples }] of blocks.entries()) {
      addMissing(wanted, generation, samples.ids, found[i]?.numbers);
    }
    if (wanted.size === 0) {
      this.#forgetOld();
      return found;
    }
    for (const [generation, ids] of wanted) {
      await this.#find(generation, ids);
    }
    const complete = blocks.map((block) => this.#lookUp(block));
    this.#forgetOld();
    return complete.map((one) => (one.numbers.includes(NONE) ? undefined : one));
  }

  #lookUp({ generation, samples }: Block): FoundSeries {
    const table = this.#use(generation);
    return { table, numbers: table.numbersOf(samples.ids) };
  }

  /** Remembers what it finds under the generation that was asked for, wherever it was found. */
  async #find(generation: number, ids: ReadonlySet<SeriesId>): Promise<void> {
    const table = this.#use(generation);
    let missing = await this.#fetch(generation, [...ids], table);
    if (missing.length === 0) {
      return;
    }
    for (const other of await this.#otherGenerations(generation)) {
      missing = await this.#fetch(other, missing, table);
      if (missing.length === 0) {
        return;
      }
    }
  }

  /** @returns the ids that this generation of the registry does not have. */
  async #fetch(generation: number, ids: readonly SeriesId[], into: SeriesTable): Promise<SeriesId[]> {
    const { redis, keys } = this.#options;
    const missing: SeriesId[] = [];
    for (let start = 0; start < ids.length; start += IDS_PER_COMMAND) {
      const batch = ids.slice(start, start + IDS_PER_COMMAND);
      const records = await redis.hmgetBuffer(keys.series(generation), ...batch.map(idBytes));
      for (const [i, id] of batch.entries()) {
        const record = records[i];
        const labels = record ? this.#keepLabels(id, record) : undefined;
        if (labels) {
          into.add(id, labels);
        } else {
          missing.push(id);
        }
      }
    }
    return missing;
  }

  /** The labels of a series that is known of several generations stand in one place. */
  #keepLabels(id: SeriesId, record: Buffer): KeptBytes | undefined {
    const wireLabels = recordWireLabels(record);
    if (!wireLabels) {
      return undefined;
    }
    for (const table of this.#generations.values()) {
      const number = table.find(id);
      const same = number === NONE ? undefined : table.at(number);
      if (same && wireLabels.equals(wireLabelsOf(same))) {
        return same;
      }
    }
    return this.#labelSpace.keep(wireLabels);
  }

  async #otherGenerations(generation: number): Promise<number[]> {
    const { redis, keys } = this.#options;
    const existing = (await redis.smembers(keys.generations)).map(Number);
    return existing.filter((other) => other !== generation).sort((a, b) => b - a);
  }

  #use(generation: number): SeriesTable {
    const table = this.#generations.get(generation) ?? new SeriesTable();
    this.#generations.delete(generation);
    this.#generations.set(generation, table);
    return table;
  }

  #forgetOld(): void {
    let series = [...this.#generations.values()].reduce((sum, table) => sum + table.size, 0);
    for (const [generation, table] of this.#generations) {
      if (this.#generations.size <= MAX_GENERATIONS && series <= this.#options.maxSeries) {
        return;
      }
      series -= table.size;
      this.#generations.delete(generation);
    }
  }
}

function addMissing(
  wanted: Map<number, Set<SeriesId>>,
  generation: number,
  ids: BigUint64Array,
  numbers: Int32Array = new Int32Array(0),
): void {
  for (let i = numbers.indexOf(NONE); i >= 0; i = numbers.indexOf(NONE, i + 1)) {
    const missing = wanted.get(generation) ?? new Set();
    wanted.set(generation, missing.add(ids[i] ?? 0n));
  }
}
