import type { Redis } from "ioredis";
import { type MetadataKeys, metadataKeys } from "../../shared/buffer-keys.ts";
import type { RunScript } from "../../shared/redis-scripts/run-script.ts";

/** Servers of one tenant that may have metadata: senders name their server themselves. */
const MAX_SERVERS_PER_TENANT = 1000;
/** Families in one run of a script, which holds up Redis for some milliseconds. */
const FAMILIES_PER_SCRIPT = 1000;

/** Whose metadata it is: the authenticated sender, never what the metadata itself says. */
export interface MetadataOwner {
  readonly tenant: string;
  readonly server: string;
}

/** A family's metadata as Redis holds it (`metadata-record.ts`). */
export interface FamilyRecord {
  readonly familyName: string;
  readonly record: Buffer;
}

/** What became of records that were to be written. */
export interface WrittenRecords {
  readonly records: readonly FamilyRecord[];
  /** Versions of the owner's metadata before and after, 0 where Redis has none. */
  readonly before: number;
  readonly version: number;
  /** Positions of those that there was no room for. */
  readonly refused: ReadonlySet<number>;
}

export interface RedisMetadataOptions {
  readonly redis: Pick<Redis, "zscore" | "hgetallBuffer">;
  readonly runScript: RunScript;
  readonly keyPrefix: string;
  /** Families that a server may have. */
  readonly maxFamilies: number;
  /** How long metadata is kept that nobody writes any more. */
  readonly retentionMs: number;
}

/** The commands on metadata in Redis. All of them throw what Redis throws. */
export class RedisMetadata {
  readonly #options: RedisMetadataOptions;
  readonly #keys: MetadataKeys;

  constructor(options: RedisMetadataOptions) {
    this.#options = options;
    this.#keys = metadataKeys(options.keyPrefix);
  }

  /** A number that grows with every change of the owner's metadata; 0 when there is none. */
  async version({ tenant, server }: MetadataOwner): Promise<number> {
    return Number(await this.#options.redis.zscore(this.#keys.servers(tenant), server));
  }

  async records({ tenant, server }: MetadataOwner): Promise<FamilyRecord[]> {
    const records = await this.#options.redis.hgetallBuffer(this.#keys.families(tenant, server));
    return Object.entries(records).map(([familyName, record]) => ({ familyName, record }));
  }

  /** Deletes records, unless they have been written anew. */
  async forget({ tenant, server }: MetadataOwner, records: readonly FamilyRecord[]): Promise<void> {
    for (const some of inRuns(records)) {
      await this.#options.runScript("forget-metadata", [this.#keys.families(tenant, server)], argumentsOf(some));
    }
  }

  /** Writes records, as far as there is room, and says of each thousand what became of it when it is written. */
  async *write({ tenant, server }: MetadataOwner, records: readonly FamilyRecord[]): AsyncGenerator<WrittenRecords> {
    const { runScript, maxFamilies, retentionMs } = this.#options;
    const keys = [this.#keys.families(tenant, server), this.#keys.servers(tenant), this.#keys.tenants];
    for (const some of inRuns(records)) {
      const limits = [maxFamilies, MAX_SERVERS_PER_TENANT, retentionMs];
      const reply = await runScript("keep-metadata", keys, [tenant, server, ...limits, ...argumentsOf(some)]);
      yield { records: some, ...parseReply(reply) };
    }
  }
}

function* inRuns(records: readonly FamilyRecord[]): Generator<readonly FamilyRecord[]> {
  for (let start = 0; start < records.length; start += FAMILIES_PER_SCRIPT) {
    yield records.slice(start, start + FAMILIES_PER_SCRIPT);
  }
}

function argumentsOf(records: readonly FamilyRecord[]): (string | Buffer)[] {
  return records.flatMap(({ familyName, record }) => [familyName, record]);
}

/** Reads the reply of `keep-metadata.lua`. @throws when it is not of the form that the script's head names. */
function parseReply(reply: unknown): Omit<WrittenRecords, "records"> {
  if (!Array.isArray(reply) || reply.length < 2) {
    throw new Error(`cannot read the reply of keep-metadata: ${String(reply).slice(0, 100)}`);
  }
  const [before = 0, version = 0, ...refused] = reply.map(Number);
  return { before, version, refused: new Set(refused) };
}
