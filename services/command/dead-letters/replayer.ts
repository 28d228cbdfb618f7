import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import type { Settings } from "../../../settings/schema.ts";
import { parseCommitReply } from "../../flux/commit-reply.ts";
import { SeriesCache } from "../../horizon/series-cache.ts";
import { shardKeys } from "../../shared/buffer-keys.ts";
import { generationAt } from "../../shared/generation.ts";
import { loadScripts, type RunScript } from "../../shared/redis-scripts/run-script.ts";
import { countUnknownSeries } from "../registry-names.ts";
import type { LetterId } from "./letter-id.ts";
import type { StoredLetter } from "./letter-summary.ts";
import { type PlannedReplay, planReplay, type ReplayPlan } from "./replay-plan.ts";

/** How often a commit is begun anew when the epoch of its shard has changed. */
const MAX_ATTEMPTS = 8;
/** Series that are remembered while blocks are looked at, over all shards. */
const MAX_SERIES = 200_000;

/** The settings that replaying takes. */
export type ReplaySettings = Pick<
  Settings,
  "REDIS_KEY_PREFIX" | "HORIZON_SHARDS" | "BUFFER_MAX_BYTES" | "BUFFER_FORMAT" | "REGISTRY_RETENTION_SECONDS"
>;

export type Replayed = { readonly ok: true } | { readonly ok: false; readonly why: string };

/** Puts what dead letters hold back into the buffer. */
export class Replayer {
  readonly #redis: Redis;
  readonly #runScript: RunScript;
  readonly #settings: ReplaySettings;
  readonly #now: () => number;
  readonly #caches = new Map<number, SeriesCache>();

  constructor(redis: Redis, settings: ReplaySettings, now: () => number) {
    this.#redis = redis;
    this.#runScript = loadScripts(redis);
    this.#settings = settings;
    this.#now = now;
  }

  /** What would be put back, or why it cannot be. Changes nothing. @throws when Redis does not answer. */
  async plan({ id, letter }: StoredLetter): Promise<PlannedReplay> {
    const { HORIZON_SHARDS, BUFFER_FORMAT } = this.#settings;
    if (BUFFER_FORMAT !== "blocks") {
      return { ok: false, why: `BUFFER_FORMAT is ${BUFFER_FORMAT}: no Horizon reads blocks` };
    }
    if (id.shard >= HORIZON_SHARDS) {
      return { ok: false, why: `no Horizon works shard ${id.shard}: HORIZON_SHARDS is ${HORIZON_SHARDS}` };
    }
    return planReplay(letter, {
      generation: generationAt(this.#now()),
      unknownSeries: (block) => countUnknownSeries(this.#cache(id.shard), block),
    });
  }

  /**
   * Commits the block and deletes the dead letter, both or neither: by the script with which Flux commits.
   * @returns why it was not done, where Redis says so. @throws when Redis does not answer or refuses.
   */
  async replay({ shard, entry }: LetterId, plan: ReplayPlan): Promise<Replayed> {
    let epoch = (await this.#redis.get(shardKeys(this.#settings.REDIS_KEY_PREFIX, shard).epoch)) ?? "";
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const reply = await this.#commit(shard, entry, plan, epoch);
      if (Array.isArray(reply) && String(reply[0]) === "gone") {
        return { ok: false, why: "it is not there any more" };
      }
      const outcome = parseCommitReply(reply);
      switch (outcome.kind) {
        case "ok":
          return { ok: true };
        case "full":
          return { ok: false, why: `the shard holds ${outcome.bytes} bytes, and may hold BUFFER_MAX_BYTES` };
        case "collision":
          return { ok: false, why: "the id of its series is that of another series now" };
        case "epoch":
          epoch = outcome.epoch;
      }
    }
    throw new Error(`cannot replay a dead letter: the epoch of shard ${shard} changed ${MAX_ATTEMPTS} times meanwhile`);
  }

  #commit(shard: number, entry: string, plan: ReplayPlan, epoch: string): Promise<unknown> {
    const { REDIS_KEY_PREFIX, BUFFER_MAX_BYTES, REGISTRY_RETENTION_SECONDS } = this.#settings;
    const { generation, tenant, block, registrations } = plan;
    const keys = shardKeys(REDIS_KEY_PREFIX, shard);
    return this.#runScript(
      "commit-block",
      [
        ...[keys.epoch, keys.blocks, keys.series(generation), keys.activeSeries(generation), keys.collisions],
        ...[keys.bytes, keys.generations, keys.deadLetters, keys.deadLetterMarks, keys.deadLetterCounts],
      ],
      [
        ...[epoch, randomUUID(), tenant, generation, REGISTRY_RETENTION_SECONDS * 1000, BUFFER_MAX_BYTES, block],
        ...[registrations.ids, registrations.records, entry],
      ],
    );
  }

  #cache(shard: number): SeriesCache {
    let cache = this.#caches.get(shard);
    if (!cache) {
      const keys = shardKeys(this.#settings.REDIS_KEY_PREFIX, shard);
      cache = new SeriesCache({ redis: this.#redis, keys, maxSeries: MAX_SERIES });
      this.#caches.set(shard, cache);
    }
    return cache;
  }
}
