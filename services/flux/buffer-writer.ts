import { randomUUID } from "node:crypto";
import type { BlockOwner } from "../shared/block.ts";
import { type ShardKeys, shardKeys } from "../shared/buffer-keys.ts";
import { generationAt } from "../shared/generation.ts";
import type { RunScript } from "../shared/redis-scripts/run-script.ts";
import { recordLabelBytes } from "../shared/registry-record.ts";
import { type SeriesHasher, shardOf } from "../shared/series-id.ts";
import { parseCommitReply } from "./commit-reply.ts";
import type { KeptSamples } from "./intake/intake.ts";
import type { KnownSeries } from "./intake/stream.ts";
import { buildBlock, splitByShard, unregisteredSeries } from "./shard-blocks.ts";

/** How often a commit is begun anew (epoch changed, ids collided) before the sender is asked to try again. */
const MAX_ATTEMPTS = 8;
/** How many other ids a series tries when its own is taken. */
const MAX_ID_ATTEMPTS = 64;

/** What happened to a commit that Redis answered. */
export type Commit = { ok: true; registeredSeries: number; blockBytes: number } | { ok: false; fullBytes: number };

export interface BufferWriterOptions {
  readonly runScript: RunScript;
  readonly hasher: SeriesHasher;
  readonly keyPrefix: string;
  readonly shards: number;
  readonly maxBytes: number;
  readonly registryRetentionMs: number;
  readonly now: () => number;
  /** Told when a shard's epoch turned out to be another, and when an id turned out to be taken. */
  readonly onEvent: (event: "epoch_changed" | "id_collision") => void;
}

/** What Flux believes about a shard. */
interface ShardState {
  readonly keys: ShardKeys;
  epoch: string;
  generation: number;
  /** Grows with every new epoch or generation: a series registered under another number has to be registered again. */
  registration: number;
}

/**
 * Writes blocks, and the series that they are the first to name, to the buffer. The only writer in Flux.
 * A commit is confirmed by Redis for every shard that it touches before `commit` returns; when it throws, the caller
 * must not acknowledge, and the sender's next try is harmless because the same request is the same set member.
 */
export class BufferWriter {
  readonly #options: BufferWriterOptions;
  readonly #shards: ShardState[];

  constructor(options: BufferWriterOptions) {
    this.#options = options;
    this.#shards = Array.from({ length: options.shards }, (_, shard) => ({
      keys: shardKeys(options.keyPrefix, shard),
      epoch: "",
      generation: 0,
      registration: 1,
    }));
  }

  /**
   * Stores samples of one owner.
   * @returns whether the shards had room. @throws when Redis does not answer or refuses.
   */
  async commit(kept: KeptSamples, owner: BlockOwner): Promise<Commit> {
    const commits = [...splitByShard(kept)].map(([shard, positions]) =>
      this.#commitShard(this.#shard(shard), kept, positions, owner),
    );
    const outcomes = await Promise.all(commits);
    const total = { ok: true as const, registeredSeries: 0, blockBytes: 0 };
    for (const outcome of outcomes) {
      if (!outcome.ok) {
        return outcome;
      }
      total.registeredSeries += outcome.registeredSeries;
      total.blockBytes += outcome.blockBytes;
    }
    return total;
  }

  async #commitShard(
    shard: ShardState,
    kept: KeptSamples,
    positions: readonly number[],
    owner: BlockOwner,
  ): Promise<Commit> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      this.#enterGeneration(shard);
      const { registration, generation } = shard;
      const newcomers = unregisteredSeries(kept, positions, registration);
      const block = buildBlock(kept, positions, owner, generation);
      const reply = await this.#runCommit(shard, generation, owner.tenant, block, newcomers);
      switch (reply.kind) {
        case "ok":
          markRegistered(newcomers, registration);
          return { ok: true, registeredSeries: newcomers.length, blockBytes: block.length };
        case "full":
          return { ok: false, fullBytes: reply.bytes };
        case "epoch":
          this.#enterEpoch(shard, reply.epoch);
          break;
        case "collision":
          await this.#resolveCollisions(shard, generation, owner.tenant, newcomers, reply.positions);
          break;
      }
    }
    throw new Error(`cannot commit a block: its shard changed ${MAX_ATTEMPTS} times meanwhile`);
  }

  async #runCommit(
    shard: ShardState,
    generation: number,
    tenant: string,
    block: Buffer,
    newcomers: readonly KnownSeries[],
  ) {
    const { keys } = shard;
    const { runScript, registryRetentionMs, maxBytes } = this.#options;
    const registrations = newcomers.flatMap(({ id, record }) => [idBytes(id), Buffer.from(record, "latin1")]);
    const reply = await runScript(
      "commit-block",
      [
        keys.epoch,
        keys.blocks,
        keys.series(generation),
        keys.activeSeries(generation),
        keys.collisions,
        keys.bytes,
        keys.generations,
      ],
      [shard.epoch, randomUUID(), tenant, generation, registryRetentionMs, maxBytes, block, ...registrations],
    );
    return parseCommitReply(reply);
  }

  #enterGeneration(shard: ShardState): void {
    const generation = generationAt(this.#options.now());
    if (generation !== shard.generation) {
      shard.generation = generation;
      shard.registration++;
    }
  }

  #enterEpoch(shard: ShardState, epoch: string): void {
    // Several requests may come back with the same news; only the first of them makes it a new registration.
    if (epoch === shard.epoch) {
      return;
    }
    if (shard.epoch !== "") {
      this.#options.onEvent("epoch_changed");
    }
    shard.epoch = epoch;
    shard.registration++;
  }

  async #resolveCollisions(
    { keys }: ShardState,
    generation: number,
    tenant: string,
    newcomers: readonly KnownSeries[],
    positions: readonly number[],
  ): Promise<void> {
    for (const position of positions) {
      const series = newcomers[position];
      if (!series) {
        throw new Error(`cannot resolve collision ${position}: only ${newcomers.length} series were sent`);
      }
      this.#options.onEvent("id_collision");
      const record = Buffer.from(series.record, "latin1");
      const reply = await this.#options.runScript(
        "resolve-collision",
        [keys.series(generation), keys.activeSeries(generation), keys.collisions, keys.generations],
        [
          record,
          tenant,
          generation,
          this.#options.registryRetentionMs,
          ...this.#otherIds(recordLabelBytes(record), series.shard),
        ],
      );
      if (!Buffer.isBuffer(reply)) {
        throw new Error(`cannot find a free id for a series after ${MAX_ID_ATTEMPTS} attempts`);
      }
      series.id = reply.readBigUInt64LE();
    }
  }

  /** The ids that a series may take instead of its own: always the same ones, all in its shard. */
  #otherIds(labelBytes: Uint8Array, shard: number): Buffer[] {
    const { hasher, shards } = this.#options;
    const ids: Buffer[] = [];
    for (let attempt = 1; ids.length < MAX_ID_ATTEMPTS; attempt++) {
      const id = hasher.idOf(labelBytes, attempt);
      if (shardOf(id, shards) === shard) {
        ids.push(idBytes(id));
      }
    }
    return ids;
  }

  #shard(number: number): ShardState {
    const shard = this.#shards[number];
    if (!shard) {
      throw new Error(`cannot write to shard ${number}: there are ${this.#shards.length}`);
    }
    return shard;
  }
}

function markRegistered(series: readonly KnownSeries[], registration: number): void {
  for (const one of series) {
    one.registration = registration;
  }
}

function idBytes(id: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64LE(id);
  return bytes;
}
