import assert from "node:assert/strict";
import type { FastifyInstance } from "fastify";
import { Registry } from "prom-client";
import { buildApp } from "../../../services/flux/app.ts";
import type { Flux } from "../../../services/flux/handle-write.ts";
import type { Certificate } from "../../../services/flux/http/certificate.ts";
import { Exchanges } from "../../../services/flux/http/exchanges.ts";
import { serverLimits } from "../../../services/flux/http/intake-server.ts";
import { MemoryBudget } from "../../../services/flux/http/memory-budget.ts";
import { SeriesTable } from "../../../services/flux/intake/series-table.ts";
import { StreamTable } from "../../../services/flux/intake/stream-table.ts";
import { MetadataStore } from "../../../services/flux/metadata/metadata-store.ts";
import { FluxMetrics } from "../../../services/flux/metrics.ts";
import { policyFrom } from "../../../services/flux/policy.ts";
import { TrafficGate } from "../../../services/flux/traffic-gate.ts";
import { loadKernel } from "../../../services/kernel/load-kernel.ts";
import { createLogger } from "../../../services/shared/logger.ts";
import { createSeriesHasher } from "../../../services/shared/series-id.ts";
import { parseSettings } from "../../../settings/load.ts";

/** May write for every tenant. */
export const KEY = "self-key-of-the-test";
const hasher = await createSeriesHasher();

export interface TestAppOptions {
  readonly isStopping?: () => boolean;
  readonly commit?: Flux["buffer"]["commit"];
  readonly settings?: Record<string, string>;
  readonly certificate?: Certificate;
}

export interface TestApp {
  readonly app: FastifyInstance;
  /** What the application hands requests to. */
  readonly flux: Flux;
  readonly registry: Registry;
  readonly exchanges: Exchanges;
  readonly memory: MemoryBudget;
}

/**
 * The intake's application without a Redis: what is answered before anything reaches it. The buffer is a tripwire
 * unless the test says what it answers; with a real one, tests are in test/integration and test/e2e.
 */
export function buildTestApp(options: TestAppOptions = {}): TestApp {
  const loaded = parseSettings(undefined, {
    FLUX_SELF_API_KEY: KEY,
    FLUX_API_KEYS: JSON.stringify({ "key-of-acme": "acme", "key-of-two": { namespace: "n", tenants: ["t1", "t2"] } }),
    FLUX_MAX_BODY_BYTES: "2000",
    FLUX_MAX_UNCOMPRESSED_BYTES: "5000",
    FLUX_REQUEST_TIMEOUT_MS: "1000",
    ...options.settings,
  });
  assert.ok(loaded.ok);
  const made = policyFrom(loaded.settings);
  assert.ok(made.ok);
  const registry = new Registry();
  const kernel = loadKernel((error) => assert.fail(String(error)));
  const table = new SeriesTable(kernel, 1000);
  const flux: Flux = {
    policy: () => made.policy,
    codec: kernel,
    hasher,
    shards: 1,
    streams: new StreamTable(table, 10),
    gate: new TrafficGate(Date.now),
    metrics: new FluxMetrics(registry, () => table.size),
    servers: { remember: async () => {} },
    metadata: metadataWithoutRedis(),
    buffer: { commit: options.commit ?? (() => assert.fail("the buffer was reached")) },
    now: Date.now,
    onBufferFailure: () => {},
  };
  const logger = createLogger("test", "silent");
  const memory = new MemoryBudget(() => made.policy.maxInFlightBytes);
  const exchanges = new Exchanges(memory);
  const app = buildApp(flux, {
    limits: serverLimits(loaded.settings),
    certificate: options.certificate,
    logger,
    exchanges,
    isStopping: options.isStopping ?? (() => false),
  });
  return { app, flux, registry, exchanges, memory };
}

/** A metadata store whose Redis is away: samples must not suffer from that. */
function metadataWithoutRedis(): MetadataStore {
  const isAway = () => Promise.reject(new Error("there is no Redis"));
  return new MetadataStore({
    redis: { zscore: isAway, hgetallBuffer: isAway },
    runScript: isAway,
    keyPrefix: "",
    maxFamilies: 10,
    digest: (bytes) => hasher.idOf(bytes, 0),
    now: Date.now,
    onFailure: () => {},
  });
}
