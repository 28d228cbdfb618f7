import type { Redis } from "ioredis";
import type { Registry } from "prom-client";
import type { Settings } from "../../../settings/schema.ts";
import type { Logger } from "../../shared/logger.ts";
import { MetadataCounters } from "./metadata-counters.ts";
import { MetadataForwarder, type MetadataReceiver } from "./metadata-forwarder.ts";
import { StoredMetadata } from "./stored-metadata.ts";

export interface ForwarderSurroundings {
  readonly settings: Settings;
  /** The buffer's. */
  readonly redis: Redis;
  readonly registry: Registry;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** One forwarder of metadata for each receiver, or none where the settings say that metadata stays here. */
export function buildForwarders(
  { settings, redis, registry, logger, now }: ForwarderSurroundings,
  receivers: readonly MetadataReceiver[],
): MetadataForwarder[] {
  if (!settings.VICTORIAMETRICS_METADATA) {
    return [];
  }
  const source = new StoredMetadata(redis, settings.REDIS_KEY_PREFIX);
  const sinks = receivers.map(({ name }) => name);
  const counters = new MetadataCounters(registry, sinks);
  return receivers.map((receiver) => new MetadataForwarder({ receiver, source, counters, logger, now }));
}
