import type { Redis } from "ioredis";
import type { Block } from "../shared/block.ts";
import type { ShardKeys } from "../shared/buffer-keys.ts";
import { ByteSpace } from "../shared/byte-space.ts";
import type { SeriesId } from "../shared/series.ts";
import { idBytes } from "../shared/series-id.ts";
import { NONE } from "./id-index.ts";
import { KnownGeneration } from "./known-generation.ts";
import { createKnownSeries, type KnownSeries, recordWireLabels, wireLabelsOf } from "./known-series.ts";

/** Ids that are asked for in one command. */
const IDS_PER_COMMAND = 2000;
/** Generations of which the series are remembered: those used last. */
const MAX_GENERATIONS = 3;
const LABEL_CHUNK_BYTES = 262_144;

/** The series of the samples of a block: that of sample i is `known[numbers[i]]`. */
export interface FoundSeries {
  /** All that are known of a generation, others than those of the block too. */
  readonly known: readonly KnownSeries[];
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
  readonly #generations = new Map<number, KnownGeneration>();
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
    for (const [generation, ids] of wanted) {
      await this.#find(generation, ids);
    }
    const complete = blocks.map((block, i) => (isComplete(found[i]) ? found[i] : this.#lookUp(block)));
    this.#forgetOld();
    return complete.map((one) => (isComplete(one) ? one : undefined));
  }

  #lookUp({ generation, samples }: Block): FoundSeries {
    const known = this.#use(generation);
    return { known: known.series, numbers: known.numbersOf(samples.ids) };
  }

  /** Remembers what it finds under the generation that was asked for, wherever it was found. */
  async #find(generation: number, ids: ReadonlySet<SeriesId>): Promise<void> {
    const known = this.#use(generation);
    let missing = await this.#fetch(generation, [...ids], known);
    if (missing.length === 0) {
      return;
    }
    for (const other of await this.#otherGenerations(generation)) {
      missing = await this.#fetch(other, missing, known);
      if (missing.length === 0) {
        return;
      }
    }
  }

  /** @returns the ids that this generation of the registry does not have. */
  async #fetch(generation: number, ids: readonly SeriesId[], into: KnownGeneration): Promise<SeriesId[]> {
    const { redis, keys } = this.#options;
    const missing: SeriesId[] = [];
    for (let start = 0; start < ids.length; start += IDS_PER_COMMAND) {
      const batch = ids.slice(start, start + IDS_PER_COMMAND);
      const records = await redis.hmgetBuffer(keys.series(generation), ...batch.map(idBytes));
      for (const [i, id] of batch.entries()) {
        const record = records[i];
        const series = record ? this.#intern(id, record) : undefined;
        if (series) {
          into.add(id, series);
        } else {
          missing.push(id);
        }
      }
    }
    return missing;
  }

  /** The same object for the same series in every generation, so that what hangs on it lives on. */
  #intern(id: SeriesId, record: Buffer): KnownSeries | undefined {
    const wireLabels = recordWireLabels(record);
    if (!wireLabels) {
      return undefined;
    }
    for (const generation of this.#generations.values()) {
      const same = generation.find(id);
      if (same && wireLabels.equals(wireLabelsOf(same))) {
        return same;
      }
    }
    return createKnownSeries(id, wireLabels, this.#labelSpace);
  }

  async #otherGenerations(generation: number): Promise<number[]> {
    const { redis, keys } = this.#options;
    const existing = (await redis.smembers(keys.generations)).map(Number);
    return existing.filter((other) => other !== generation).sort((a, b) => b - a);
  }

  #use(generation: number): KnownGeneration {
    const known = this.#generations.get(generation) ?? new KnownGeneration();
    this.#generations.delete(generation);
    this.#generations.set(generation, known);
    return known;
  }

  #forgetOld(): void {
    let series = [...this.#generations.values()].reduce((sum, known) => sum + known.series.length, 0);
    for (const [generation, known] of this.#generations) {
      if (this.#generations.size <= MAX_GENERATIONS && series <= this.#options.maxSeries) {
        return;
      }
      series -= known.series.length;
      this.#generations.delete(generation);
    }
  }
}

function isComplete(found: FoundSeries | undefined): found is FoundSeries {
  return found !== undefined && !found.numbers.includes(NONE);
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
