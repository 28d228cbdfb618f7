import { randomUUID } from "node:crypto";
import type { BlockOwner } from "../shared/block.ts";
import type { BlockEncoder } from "../shared/block-encoder.ts";
import { type ShardKeys, shardKeys } from "../shared/buffer-keys.ts";
import { generationAt } from "../shared/generation.ts";
import type { RunScript } from "../shared/redis-scripts/run-script.ts";
import { recordLabelBytes } from "../shared/registry-record.ts";
import { idBytes, type SeriesHasher, shardOf } from "../shared/series-id.ts";
import { parseCommitReply } from "./commit-reply.ts";
import type { KeptSamples } from "./intake/intake.ts";
import type { KnownSeries } from "./intake/known-series.ts";
import { keptWithout } from "./intake/turn-away.ts";
import { registrationsOf, type TypeOfSeries } from "./register-series.ts";
import { type Admission, type AdmissionLimits, type InitialBreach, SeriesAdmission } from "./series-admission.ts";
import { buildBlock, type ShardPositions, splitByShard, unregisteredSeries } from "./shard-blocks.ts";

/** How often a commit is begun anew (epoch changed, ids collided) before the sender is asked to try again. */
const MAX_ATTEMPTS = 8;
/** Series that one command registers at most: more of them go ahead of the block, so that no command holds up Redis. */
const MAX_REGISTRATIONS = 10_000;
const NO_BLOCK = Buffer.alloc(0);
/** How many other ids a series tries when its own is taken. */
const MAX_ID_ATTEMPTS = 64;

/** What happened to a commit that Redis answered. */
export type Commit =
  /** `admission`: what limit and quota said, where the sender has one; what they turned away is not stored. */
  | { ok: true; registeredSeries: number; blockBytes: number; admission?: Admission }
  | { ok: false; fullBytes: number }
  | { ok: false; breach: InitialBreach };

/** What happened to the part of a commit that is one shard's. */
type ShardOutcome =
  | { kind: "ok"; registeredSeries: number; blockBytes: number }
  | { kind: "full"; bytes: number }
  | { kind: "epoch" };

/** What happened to all parts. `epoch`: some are stored, one has to be tried again. */
type StoredShards =
  | { kind: "ok" | "epoch"; registeredSeries: number; blockBytes: number }
  | { kind: "full"; bytes: number };

export interface BufferWriterOptions {
  readonly runScript: RunScript;
  readonly hasher: SeriesHasher;
  readonly blocks: BlockEncoder;
  readonly keyPrefix: string;
  readonly shards: number;
  readonly maxBytes: number;
  readonly registryRetentionMs: number;
  readonly now: () => number;
  /** Says of which type the series of an owner are, as far as that is known now; undefined where nothing is. */
  readonly typesOf: (owner: BlockOwner) => TypeOfSeries | undefined;
  /** Told when a shard's epoch turned out to be another, and when an id turned out to be taken. */
  readonly onEvent: (event: "epoch_changed" | "id_collision") => void;
}

/** What Flux believes about a shard. */
interface ShardState {
  readonly keys: ShardKeys;
  epoch: string;
  /** The epoch that begins where Redis has none. */
  nextEpoch: string;
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
  readonly #admission: SeriesAdmission;

  constructor(options: BufferWriterOptions) {
    this.#options = options;
    this.#admission = new SeriesAdmission(options);
    this.#shards = Array.from({ length: options.shards }, (_, shard) => ({
      keys: shardKeys(options.keyPrefix, shard),
      epoch: "",
      nextEpoch: randomUUID(),
      generation: 0,
      registration: 1,
    }));
  }

  /**
   * Stores samples of one owner, but for those of new series for which its limits have no place.
   * @param limits left out where the owner has none: then nothing is asked of Redis but to store.
   * @returns whether limits and shards had room. @throws when Redis does not answer or refuses.
   */
  async commit(kept: KeptSamples, owner: BlockOwner, limits?: AdmissionLimits): Promise<Commit> {
    let registeredSeries = 0;
    let admission: Admission | undefined;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const asked = limits && (await this.#admission.admit(kept, owner, limits, admission));
      if (asked?.ok === false) {
        return { ok: false, breach: asked };
      }
      admission = asked;
      const stored = await this.#commitShards(admission ? keptWithout(kept, admission) : kept, owner);
      if (stored.kind === "full") {
        return { ok: false, fullBytes: stored.bytes };
      }
      registeredSeries += stored.registeredSeries;
      if (stored.kind === "ok") {
        return { ok: true, registeredSeries, blockBytes: stored.blockBytes, ...(admission && { admission }) };
      }
      // A shard has another epoch: the places of series may be gone with the old one, so they are asked for again.
      // Shards that have taken their part get it again, which harms nothing.
    }
    throw new Error(`cannot commit a block: its shard changed ${MAX_ATTEMPTS} times meanwhile`);
  }

  /** Stores what belongs to each shard, all at the same time. */
  async #commitShards(kept: KeptSamples, owner: BlockOwner): Promise<StoredShards> {
    const commits = [...splitByShard(kept, this.#shards.length)].map(([shard, positions]) =>
      this.#commitShard(this.#shard(shard), kept, positions, owner),
    );
    const total = { registeredSeries: 0, blockBytes: 0 };
    let hasNewEpoch = false;
    for (const outcome of await Promise.all(commits)) {
      switch (outcome.kind) {
        case "full":
          return outcome;
        case "epoch":
          hasNewEpoch = true;
          break;
        case "ok":
          total.registeredSeries += outcome.registeredSeries;
          total.blockBytes += outcome.blockBytes;
      }
    }
    return { kind: hasNewEpoch ? "epoch" : "ok", ...total };
  }

  async #commitShard(
    shard: ShardState,
    kept: KeptSamples,
    positions: ShardPositions,
    owner: BlockOwner,
  ): Promise<ShardOutcome> {
    let registeredSeries = 0;
    let collisions = 0;
    while (collisions < MAX_ATTEMPTS) {
      this.#enterGeneration(shard);
      const { registration, generation } = shard;
      const missing = unregisteredSeries(kept, positions, registration);
      const newcomers = missing.slice(0, MAX_REGISTRATIONS);
      const isLast = newcomers.length === missing.length;
      const block = isLast ? buildBlock(this.#options.blocks, kept, positions, { owner, generation }) : NO_BLOCK;
      const reply = await this.#runCommit(shard, generation, owner, block, kept.known, newcomers);
      switch (reply.kind) {
        case "ok":
          markRegistered(kept.known, newcomers, registration);
          registeredSeries += newcomers.length;
          if (isLast) {
            return { kind: "ok", registeredSeries, blockBytes: block.length };
          }
          break;
        case "full":
          return reply;
        case "epoch":
          this.#enterEpoch(shard, reply.epoch);
          return { kind: "epoch" };
        case "collision":
          await this.#resolveCollisions(
            shard,
            generation,
            owner.tenant,
            kept.known,
            collidedOf(newcomers, reply.positions),
          );
          collisions++;
          break;
      }
    }
    throw new Error(`cannot commit a block: ids of its series turned out to be taken ${MAX_ATTEMPTS} times`);
  }

  async #runCommit(
    shard: ShardState,
    generation: number,
    owner: BlockOwner,
    block: Buffer,
    known: KnownSeries,
    newcomers: readonly number[],
  ) {
    const { keys } = shard;
    const { runScript, registryRetentionMs, maxBytes } = this.#options;
    const { ids, records } = registrationsOf(known, newcomers, this.#options.typesOf(owner));
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
      [shard.epoch, shard.nextEpoch, owner.tenant, generation, registryRetentionMs, maxBytes, block, ids, records],
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
      this.#admission.forget();
    }
    shard.epoch = epoch;
    shard.nextEpoch = randomUUID();
    shard.registration++;
  }

  async #resolveCollisions(
    { keys }: ShardState,
    generation: number,
    tenant: string,
    known: KnownSeries,
    collided: readonly number[],
  ): Promise<void> {
    for (const series of collided) {
      this.#options.onEvent("id_collision");
      const record = known.recordOf(series);
      const reply = await this.#options.runScript(
        "resolve-collision",
        [keys.series(generation), keys.activeSeries(generation), keys.collisions, keys.generations],
        [
          record,
          tenant,
          generation,
          this.#options.registryRetentionMs,
          ...this.#otherIds(recordLabelBytes(record), known.shards[series] ?? 0),
        ],
      );
      if (!Buffer.isBuffer(reply)) {
        throw new Error(`cannot find a free id for a series after ${MAX_ID_ATTEMPTS} attempts`);
      }
      known.changeId(series, reply.readBigUInt64LE());
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

function markRegistered({ registrations }: KnownSeries, series: readonly number[], registration: number): void {
  for (const one of series) {
    registrations[one] = registration;
  }
}

/** The series at these positions. */
function collidedOf(newcomers: readonly number[], positions: readonly number[]): number[] {
  return positions.map((position) => {
    const series = newcomers[position];
    if (series === undefined) {
      throw new Error(`cannot resolve collision ${position}: only ${newcomers.length} series were sent`);
    }
    return series;
  });
}
