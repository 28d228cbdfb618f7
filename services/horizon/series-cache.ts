import type { Redis } from "ioredis";
import type { Block } from "../shared/block.ts";
import type { ShardKeys } from "../shared/buffer-keys.ts";
import { type KnownSeries, parseKnownSeries } from "./known-series.ts";

/** Ids that are asked for in one command. */
const IDS_PER_COMMAND = 2000;
/** Generations of which the series are remembered: those used last. */
const MAX_GENERATIONS = 3;

type SeriesById = Map<bigint, KnownSeries>;

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
  readonly #generations = new Map<number, SeriesById>();
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
  resolve(blocks: readonly Block[]): Promise<(KnownSeries[] | undefined)[]> {
    // One at a time: both sinks read the same blocks at about the same time, and the second then finds all here.
    const result = this.#turn.then(() => this.#resolve(blocks));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Forgets all series: the shard is another instance's now. */
  clear(): void {
    this.#generations.clear();
  }

  async #resolve(blocks: readonly Block[]): Promise<(KnownSeries[] | undefined)[]> {
    const wanted = new Map<number, Set<bigint>>();
    for (const { generation, samples } of blocks) {
      const known = this.#use(generation);
      for (const id of samples.ids) {
        if (!known.has(id)) {
          addTo(wanted, generation, id);
        }
      }
    }
    for (const [generation, ids] of wanted) {
      await this.#find(generation, ids);
    }
    const resolved = blocks.map(({ generation, samples }) => lookUp(this.#use(generation), samples.ids));
    this.#forgetOld();
    return resolved;
  }

  /** Remembers what it finds under the generation that was asked for, wherever it was found. */
  async #find(generation: number, ids: ReadonlySet<bigint>): Promise<void> {
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
  async #fetch(generation: number, ids: readonly bigint[], into: SeriesById): Promise<bigint[]> {
    const { redis, keys } = this.#options;
    const missing: bigint[] = [];
    for (let start = 0; start < ids.length; start += IDS_PER_COMMAND) {
      const batch = ids.slice(start, start + IDS_PER_COMMAND);
      const records = await redis.hmgetBuffer(keys.series(generation), ...batch.map(idBytes));
      for (const [i, id] of batch.entries()) {
        const record = records[i];
        const series = record ? this.#intern(id, record) : undefined;
        if (series) {
          into.set(id, series);
        } else {
          missing.push(id);
        }
      }
    }
    return missing;
  }

  /** The same object for the same series in every generation, so that what hangs on it lives on. */
  #intern(id: bigint, record: Buffer): KnownSeries | undefined {
    const series = parseKnownSeries(id, record);
    for (const known of series ? this.#generations.values() : []) {
      const same = known.get(id);
      if (same && series && Buffer.compare(same.labelBytes, series.labelBytes) === 0) {
        return same;
      }
    }
    return series;
  }

  async #otherGenerations(generation: number): Promise<number[]> {
    const { redis, keys } = this.#options;
    const existing = (await redis.smembers(keys.generations)).map(Number);
    return existing.filter((other) => other !== generation).sort((a, b) => b - a);
  }

  #use(generation: number): SeriesById {
    const known = this.#generations.get(generation) ?? new Map<bigint, KnownSeries>();
    this.#generations.delete(generation);
    this.#generations.set(generation, known);
    return known;
  }

  #forgetOld(): void {
    let series = [...this.#generations.values()].reduce((sum, { size }) => sum + size, 0);
    for (const [generation, known] of this.#generations) {
      if (this.#generations.size <= MAX_GENERATIONS && series <= this.#options.maxSeries) {
        return;
      }
      series -= known.size;
      this.#generations.delete(generation);
    }
  }
}

function lookUp(known: ReadonlyMap<bigint, KnownSeries>, ids: BigUint64Array): KnownSeries[] | undefined {
  const found: KnownSeries[] = [];
  for (const id of ids) {
    const series = known.get(id);
    if (!series) {
      return undefined;
    }
    found.push(series);
  }
  return found;
}

function addTo(sets: Map<number, Set<bigint>>, key: number, id: bigint): void {
  const set = sets.get(key);
  if (set) {
    set.add(id);
  } else {
    sets.set(key, new Set([id]));
  }
}

/** The id as the registry's hashes have it. */
function idBytes(id: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64LE(id);
  return bytes;
}
