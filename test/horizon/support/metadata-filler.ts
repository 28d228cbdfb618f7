import assert from "node:assert/strict";
import type { Redis } from "ioredis";
import { MetadataStore } from "../../../services/flux/metadata/metadata-store.ts";
import type { MetadataEntry } from "../../../services/kernel/codec.ts";
import { loadScripts } from "../../../services/shared/redis-scripts/run-script.ts";
import { createSeriesHasher } from "../../../services/shared/series-id.ts";

/** Keeps metadata in Redis as Flux does. */
export type WriteMetadata = (tenant: string, server: string, ...entries: readonly MetadataEntry[]) => Promise<void>;

export async function createMetadataFiller(redis: Redis, keyPrefix: string): Promise<WriteMetadata> {
  const hasher = await createSeriesHasher();
  const store = new MetadataStore({
    redis,
    runScript: loadScripts(redis),
    keyPrefix,
    maxFamilies: 100_000,
    digest: (bytes) => hasher.idOf(bytes, 0),
    now: Date.now,
    onFailure: (error) => assert.fail(String(error)),
  });
  return async (tenant, server, ...metadata) => {
    const { stored } = await store.keep({ tenant, server }, { metadata, unreadMetadata: { invalid: 0, overLimit: 0 } });
    assert.equal(stored, metadata.length);
  };
}
