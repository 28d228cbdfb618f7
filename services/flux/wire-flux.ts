import { webcrypto } from "node:crypto";
import type { Redis } from "ioredis";
import type { Registry } from "prom-client";
import type { Settings } from "../../settings/schema.ts";
import type { Codec } from "../kernel/codec.ts";
import { loadKernel } from "../kernel/load-kernel.ts";
import { referenceCodec } from "../kernel/reference.ts";
import type { SeriesIndex } from "../kernel/series-index.ts";
import { TextSeriesIndex } from "../kernel/text-series-index.ts";
import { type BlockEncoder, plainBlockEncoder } from "../shared/block-encoder.ts";
import { serversKey, skylineKeys } from "../shared/buffer-keys.ts";
import type { Logger } from "../shared/logger.ts";
import { loadScripts } from "../shared/redis-scripts/run-script.ts";
import type { SeriesHasher } from "../shared/series-id.ts";
import { BufferWriter } from "./buffer-writer.ts";
import type { Flux } from "./handle-write.ts";
import { BLOCK_FORMAT } from "./intake/buffer-format.ts";
import type { HashSecret } from "./intake/series-by-id.ts";
import { SeriesTable } from "./intake/series-table.ts";
import { StreamTable } from "./intake/stream-table.ts";
import { MetadataStore } from "./metadata/metadata-store.ts";
import { FluxMetrics } from "./metrics.ts";
import type { Places } from "./place-gauges.ts";
import type { Policy } from "./policy.ts";
import { SeriesAdmission } from "./series-admission.ts";
import { ServerRegistry } from "./server-registry.ts";
import { SKYLINE_FORMAT } from "./skyline-format.ts";
import { SkylineWriter } from "./skyline-writer.ts";
import type { Gate } from "./traffic-gate.ts";

/** Streams in use at the same time; each costs its compiled rules. */
const MAX_STREAMS = 10_000;

export interface FluxParts {
  readonly settings: Settings;
  readonly policy: () => Policy;
  readonly redis: Redis;
  readonly registry: Registry;
  readonly gate: Gate;
  /** Where they are not shown by the registry. */
  readonly places?: Places | undefined;
  readonly hasher: SeriesHasher;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Puts together what handling a request needs. */
export function wireFlux(parts: FluxParts): Flux {
  const { settings, policy, registry, gate, places, hasher, logger, now } = parts;
  const { codec, index, blocks } = openCodec(parts);
  const table = new SeriesTable(index, settings.FLUX_SERIES_TABLE_SIZE, drawSecret());
  const metrics = new FluxMetrics(registry, () => table.size, places);
  const metadata = openMetadata(parts, metrics);
  return {
    policy,
    codec,
    hasher,
    shards: settings.HORIZON_SHARDS,
    streams: new StreamTable(table, MAX_STREAMS),
    gate,
    metrics,
    metadata,
    now,
    onBufferFailure: (err) =>
      logger.error({ err }, "Redis did not take a request's samples; the sender will try again"),
    ...(settings.BUFFER_FORMAT === "skyline" ? openSkylineBuffer(parts) : openBuffer(parts, blocks, metrics, metadata)),
  };
}

function drawSecret(): HashSecret {
  const [first = 0, second = 0, third = 0] = webcrypto.getRandomValues(new Uint32Array(3));
  return [first | 1, second | 1, third | 1];
}

/** What reads bodies, what recognises the series in them, and what makes blocks. */
function openCodec({ settings, logger }: FluxParts): { codec: Codec; index: SeriesIndex; blocks: BlockEncoder } {
  if (settings.FLUX_CODEC === "reference") {
    return { codec: referenceCodec, index: new TextSeriesIndex(), blocks: plainBlockEncoder };
  }
  const kernel = loadKernel((err) => logger.error({ err }, "the kernel failed and was started again"));
  return { codec: kernel, index: kernel, blocks: kernel };
}

/** Where samples go, as what, and where the URLs of servers are kept. */
type OpenBuffer = Required<Pick<Flux, "buffer" | "format" | "servers">>;

function openMetadata({ settings, redis, hasher, logger, now }: FluxParts, metrics: FluxMetrics): MetadataStore {
  return new MetadataStore({
    redis,
    runScript: loadScripts(redis),
    keyPrefix: settings.REDIS_KEY_PREFIX,
    maxFamilies: settings.FLUX_MAX_METADATA_PER_SERVER,
    digest: (bytes) => hasher.idOf(bytes, 0),
    now,
    onFailure: (err) => {
      metrics.countMetadataFailure();
      logger.error({ err }, "Redis did not give or take metadata; the samples of the request are not touched by it");
    },
  });
}

function openBuffer(
  { settings, redis, hasher, now }: FluxParts,
  blocks: BlockEncoder,
  metrics: FluxMetrics,
  metadata: MetadataStore,
): OpenBuffer {
  return {
    format: BLOCK_FORMAT,
    servers: new ServerRegistry(redis, serversKey(settings.REDIS_KEY_PREFIX), "\0"),
    buffer: new BufferWriter({
      runScript: loadScripts(redis),
      hasher,
      blocks,
      keyPrefix: settings.REDIS_KEY_PREFIX,
      shards: settings.HORIZON_SHARDS,
      maxBytes: settings.BUFFER_MAX_BYTES,
      registryRetentionMs: settings.REGISTRY_RETENTION_SECONDS * 1000,
      now,
      typesOf: (owner) => metadata.typesOf(owner),
      onEvent: (event) => metrics.countRegistryEvent(event),
    }),
  };
}

function openSkylineBuffer({ settings, redis, hasher, now }: FluxParts): OpenBuffer {
  const keyPrefix = settings.REDIS_KEY_PREFIX;
  const keys = skylineKeys(keyPrefix);
  const runScript = loadScripts(redis);
  return {
    format: SKYLINE_FORMAT,
    servers: new ServerRegistry(redis, keys.servers, "."),
    buffer: new SkylineWriter({
      runScript,
      membersKey: keys.members,
      maxBytes: settings.BUFFER_MAX_BYTES,
      admission: new SeriesAdmission({ runScript, hasher, keyPrefix, now }),
    }),
  };
}
