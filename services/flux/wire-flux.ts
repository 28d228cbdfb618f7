import type { Redis } from "ioredis";
import type { Registry } from "prom-client";
import type { Settings } from "../../settings/schema.ts";
import { referenceCodec } from "../kernel/reference.ts";
import { serversKey } from "../shared/buffer-keys.ts";
import type { Logger } from "../shared/logger.ts";
import { loadScripts } from "../shared/redis-scripts/run-script.ts";
import type { SeriesHasher } from "../shared/series-id.ts";
import { BufferWriter } from "./buffer-writer.ts";
import type { Flux } from "./handle-write.ts";
import { SeriesTable } from "./intake/series-table.ts";
import { StreamTable } from "./intake/stream-table.ts";
import { FluxMetrics } from "./metrics.ts";
import type { Policy } from "./policy.ts";
import { ServerRegistry } from "./server-registry.ts";

/** Streams in use at the same time; each costs its compiled rules. */
const MAX_STREAMS = 10_000;

export interface FluxParts {
  readonly settings: Settings;
  readonly policy: () => Policy;
  readonly redis: Redis;
  readonly registry: Registry;
  readonly hasher: SeriesHasher;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Puts together what handling a request needs. */
export function wireFlux({ settings, policy, redis, registry, hasher, logger, now }: FluxParts): Flux {
  const table = new SeriesTable(settings.FLUX_SERIES_TABLE_SIZE);
  const metrics = new FluxMetrics(registry, () => table.size);
  return {
    policy,
    codec: referenceCodec,
    hasher,
    shards: settings.HORIZON_SHARDS,
    streams: new StreamTable(table, MAX_STREAMS),
    metrics,
    servers: new ServerRegistry(redis, serversKey(settings.REDIS_KEY_PREFIX)),
    now,
    onBufferFailure: (err) =>
      logger.error({ err }, "Redis did not take a request's samples; the sender will try again"),
    buffer: new BufferWriter({
      runScript: loadScripts(redis),
      hasher,
      keyPrefix: settings.REDIS_KEY_PREFIX,
      shards: settings.HORIZON_SHARDS,
      maxBytes: settings.BUFFER_MAX_BYTES,
      registryRetentionMs: settings.REGISTRY_RETENTION_SECONDS * 1000,
      now,
      onEvent: (event) => metrics.countRegistryEvent(event),
    }),
  };
}
