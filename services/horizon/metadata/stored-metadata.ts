import type { Redis } from "ioredis";
import { type MetadataKeys, metadataKeys } from "../../shared/buffer-keys.ts";
import { decodeMetadata } from "../../shared/metadata-record.ts";
import type { FamilyMetadata } from "../sinks/victoria/metadata-body.ts";

/** A server of a tenant of which Redis holds metadata. */
export interface ServerMetadata {
  readonly tenant: string;
  readonly server: string;
  /** Another one whenever something has changed. */
  readonly version: string;
}

/** Metadata as Flux keeps it in Redis, to read. */
export class StoredMetadata {
  readonly #redis: Pick<Redis, "zrange" | "hgetallBuffer">;
  readonly #keys: MetadataKeys;

  constructor(redis: Pick<Redis, "zrange" | "hgetallBuffer">, keyPrefix: string) {
    this.#redis = redis;
    this.#keys = metadataKeys(keyPrefix);
  }

  /** All servers with metadata, of all tenants. @throws when Redis does not answer. */
  async servers(): Promise<ServerMetadata[]> {
    const tenants = await this.#redis.zrange(this.#keys.tenants, 0, "-1");
    const ofEach = await Promise.all(tenants.map((tenant) => this.#serversOf(tenant)));
    return ofEach.flat();
  }

  /** The metric families of a server, and how many more there are whose records cannot be read. @throws as above. */
  async familiesOf({ tenant, server }: ServerMetadata): Promise<{ families: FamilyMetadata[]; unreadable: number }> {
    const records = Object.entries(await this.#redis.hgetallBuffer(this.#keys.families(tenant, server)));
    const families = records.flatMap(([familyName, bytes]) => {
      const record = decodeMetadata(bytes);
      return record ? [{ familyName, type: record.type, help: record.help, unit: record.unit }] : [];
    });
    return { families, unreadable: records.length - families.length };
  }

  async #serversOf(tenant: string): Promise<ServerMetadata[]> {
    const pairs = await this.#redis.zrange(this.#keys.servers(tenant), 0, "-1", "WITHSCORES");
    return pairs.flatMap((server, i) => (i % 2 === 0 ? [{ tenant, server, version: pairs[i + 1] ?? "" }] : []));
  }
}
