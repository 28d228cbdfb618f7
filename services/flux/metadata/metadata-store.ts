import type { DecodedWriteRequest, MetadataEntry } from "../../kernel/codec.ts";
import { generationAt } from "../../shared/generation.ts";
import { findLabelValue } from "../../shared/label-bytes.ts";
import { decodeMetadata, encodeMetadata } from "../../shared/metadata-record.ts";
import { METRIC_TYPES, type MetricType } from "../../shared/registry-record.ts";
import { METRIC_NAME_LABEL } from "../../shared/series.ts";
import type { MetadataTally } from "./metadata-counters.ts";
import {
  type FamilyRecord,
  type MetadataOwner,
  RedisMetadata,
  type RedisMetadataOptions,
  type WrittenRecords,
} from "./redis-metadata.ts";
import { type Digest, ServerFamilies } from "./server-families.ts";

/** How long metadata that nobody sends any more is kept. */
const RETENTION_HOURS = 7 * 24;
/** How old a record may become before it is written again although nothing has changed. */
const REFRESH_HOURS = 24;
/** How long a server's metadata is not asked for after Redis has failed to give it. */
const RETRY_MS = 5000;
/** Families and servers to remember at most, over all tenants: some 100 MB. */
const MAX_REMEMBERED_FAMILIES = 500_000;
const MAX_REMEMBERED_SERVERS = 20_000;

const HOUR_MS = 3_600_000;

const NOTHING_RECEIVED: MetadataTally = {
  received: 0,
  stored: 0,
  dropped: { invalid: 0, overwritten_in_request: 0, over_limit: 0, store_unavailable: 0 },
};

export interface MetadataStoreOptions extends Omit<RedisMetadataOptions, "retentionMs"> {
  readonly digest: Digest;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told when Redis does not give or take metadata. */
  readonly onFailure: (error: unknown) => void;
}

/** What is remembered of one server. */
interface ServerState {
  families: ServerFamilies;
  /** The version in Redis that `families` is equal to, 0 where Redis has nothing; undefined: not read yet. */
  version: number | undefined;
  /** The hour in which `version` was last compared with Redis. */
  checkedHour: number;
  retryAtMs: number;
  reading: Promise<boolean> | undefined;
}

/**
 * Keeps what senders say about metric families, per tenant and server, in Redis, and knows from it of which type a
 * series is. Redis is written to only when something is new, has changed or is a day old. It is asked whether it still
 * holds what this process believes with every request that brings metadata, and once an hour for every server: another
 * Flux may have written to it, or it may have lost its data.
 */
export class MetadataStore {
  readonly #options: MetadataStoreOptions;
  readonly #redis: RedisMetadata;
  /** The server used last is at the end. */
  readonly #servers = new Map<string, ServerState>();

  constructor(options: MetadataStoreOptions) {
    this.#options = options;
    this.#redis = new RedisMetadata({ ...options, retentionMs: RETENTION_HOURS * HOUR_MS });
  }

  /**
   * Keeps the metadata of a request, and makes sure that the types of its sender's series are known as far as Redis
   * knows them. Never throws: a fault is told to `onFailure` and counted in the tally.
   */
  async keep(
    owner: MetadataOwner,
    { metadata, unreadMetadata }: Pick<DecodedWriteRequest, "metadata" | "unreadMetadata">,
  ): Promise<MetadataTally> {
    const state = this.#use(owner);
    const isRead = await this.#read(owner, state, metadata.length > 0);
    if (metadata.length === 0 && unreadMetadata.invalid === 0 && unreadMetadata.overLimit === 0) {
      return NOTHING_RECEIVED;
    }
    const latest = new Map(metadata.map((entry) => [entry.familyName, entry]));
    const written = isRead
      ? await this.#write(owner, state, [...latest.values()])
      : { refused: 0, failed: latest.size };
    return {
      received: metadata.length + unreadMetadata.invalid + unreadMetadata.overLimit,
      stored: latest.size - written.refused - written.failed,
      dropped: {
        invalid: unreadMetadata.invalid,
        overwritten_in_request: metadata.length - latest.size,
        over_limit: unreadMetadata.overLimit + written.refused,
        store_unavailable: written.failed,
      },
    };
  }

  /** Tells the type of series of an owner from their label bytes, as far as `keep` has seen it; undefined if it has not. */
  typesOf(owner: MetadataOwner): ((labelBytes: Uint8Array) => MetricType) | undefined {
    const families = this.#servers.get(nameOf(owner))?.families;
    return families === undefined || families.size === 0
      ? undefined
      : (labelBytes) => families.typeOf(findLabelValue(labelBytes, METRIC_NAME_LABEL) ?? "");
  }

  #use(owner: MetadataOwner): ServerState {
    const name = nameOf(owner);
    const state = this.#servers.get(name) ?? {
      families: new ServerFamilies(this.#options.digest),
      version: undefined,
      checkedHour: 0,
      retryAtMs: 0,
      reading: undefined,
    };
    this.#servers.delete(name);
    this.#servers.set(name, state);
    return state;
  }

  /**
   * Reads what Redis has, unless that is known already.
   * @param compare asks Redis in any case whether it still has it.
   * @returns whether `state` is what Redis has.
   */
  async #read(owner: MetadataOwner, state: ServerState, compare: boolean): Promise<boolean> {
    const { now } = this.#options;
    if (!compare && state.checkedHour === generationAt(now())) {
      return true;
    }
    if (now() < state.retryAtMs) {
      return false;
    }
    state.reading ??= this.#readFromRedis(owner, state)
      .then(() => true)
      .catch((error: unknown) => {
        state.retryAtMs = now() + RETRY_MS;
        this.#options.onFailure(error);
        return false;
      })
      .finally(() => {
        state.reading = undefined;
      });
    return state.reading;
  }

  async #readFromRedis(owner: MetadataOwner, state: ServerState): Promise<void> {
    const { now, digest } = this.#options;
    const hour = generationAt(now());
    const version = await this.#redis.version(owner);
    if (version !== state.version) {
      const families = new ServerFamilies(digest);
      const expired: FamilyRecord[] = [];
      for (const one of version === 0 ? [] : await this.#redis.records(owner)) {
        if (isExpired(one.record, hour)) {
          expired.push(one);
        } else {
          families.learn(one.familyName, one.record);
        }
      }
      await this.#redis.forget(owner, expired);
      state.families = families;
      state.version = version;
      this.#forgetServers();
    }
    state.checkedHour = hour;
  }

  /** Writes what Redis does not hold. @returns how many families there was no room for, and how many failed. */
  async #write(
    owner: MetadataOwner,
    state: ServerState,
    entries: readonly MetadataEntry[],
  ): Promise<{ refused: number; failed: number }> {
    const hour = generationAt(this.#options.now());
    const due = entries
      .map((entry) => familyRecord(entry, hour))
      .filter(({ familyName, record }) => !state.families.holds(familyName, record, hour - REFRESH_HOURS));
    let refused = 0;
    let failed = due.length;
    try {
      for await (const written of this.#redis.write(owner, due)) {
        learnWritten(state, written);
        refused += written.refused.size;
        failed -= written.records.length;
      }
    } catch (error) {
      this.#options.onFailure(error);
    }
    if (failed < due.length) {
      this.#forgetServers();
    }
    return { refused, failed };
  }

  #forgetServers(): void {
    let families = [...this.#servers.values()].reduce((sum, state) => sum + state.families.size, 0);
    for (const [name, state] of this.#servers) {
      const isWithin = families <= MAX_REMEMBERED_FAMILIES && this.#servers.size <= MAX_REMEMBERED_SERVERS;
      if (isWithin || this.#servers.size === 1) {
        return;
      }
      families -= state.families.size;
      this.#servers.delete(name);
    }
  }
}

function nameOf({ tenant, server }: MetadataOwner): string {
  return `${tenant}/${server}`;
}

function familyRecord({ familyName, type, help, unit }: MetadataEntry, writtenHour: number): FamilyRecord {
  const record = encodeMetadata({ type: METRIC_TYPES[type] ?? "unknown", help, unit, writtenHour });
  return { familyName, record };
}

function isExpired(record: Buffer, hour: number): boolean {
  const known = decodeMetadata(record);
  return known !== undefined && known.writtenHour < hour - RETENTION_HOURS;
}

function learnWritten(state: ServerState, { records, refused, before, version }: WrittenRecords): void {
  for (const [position, { familyName, record }] of records.entries()) {
    if (!refused.has(position)) {
      state.families.learn(familyName, record);
    }
  }
  // Where another Flux has written meanwhile, the old version stays, and the next look at Redis shows the difference.
  if (before === state.version) {
    state.version = version;
  }
}
