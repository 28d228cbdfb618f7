import assert from "node:assert/strict";
import type { FastifyInstance } from "fastify";
import { Registry } from "prom-client";
import { buildApp } from "../../../services/flux/app.ts";
import type { Flux } from "../../../services/flux/handle-write.ts";
import { SeriesTable } from "../../../services/flux/intake/series-table.ts";
import { StreamTable } from "../../../services/flux/intake/stream-table.ts";
import { FluxMetrics } from "../../../services/flux/metrics.ts";
import { policyFrom } from "../../../services/flux/policy.ts";
import { referenceCodec } from "../../../services/kernel/reference.ts";
import { createLogger } from "../../../services/shared/logger.ts";
import { createSeriesHasher } from "../../../services/shared/series-id.ts";
import { parseSettings } from "../../../settings/load.ts";

/** May write for every tenant. */
export const KEY = "self-key-of-the-test";
const hasher = await createSeriesHasher();

/**
 * The intake's application without a Redis: what is answered before anything reaches it. The buffer is a tripwire
 * unless the test says what it answers; with a real one, tests are in test/integration and test/e2e.
 */
export function buildTestApp(options: { isStopping?: boolean; commit?: Flux["buffer"]["commit"] } = {}): {
  app: FastifyInstance;
  registry: Registry;
} {
  const loaded = parseSettings(undefined, {
    FLUX_SELF_API_KEY: KEY,
    FLUX_API_KEYS: JSON.stringify({ "key-of-acme": "acme", "key-of-two": { namespace: "n", tenants: ["t1", "t2"] } }),
    FLUX_MAX_BODY_BYTES: "2000",
    FLUX_MAX_UNCOMPRESSED_BYTES: "5000",
  });
  assert.ok(loaded.ok);
  const made = policyFrom(loaded.settings);
  assert.ok(made.ok);
  const registry = new Registry();
  const table = new SeriesTable(1000);
  const flux: Flux = {
    policy: () => made.policy,
    codec: referenceCodec,
    hasher,
    shards: 1,
    streams: new StreamTable(table, 10),
    metrics: new FluxMetrics(registry, () => table.size),
    servers: { remember: async () => {} },
    buffer: { commit: options.commit ?? (() => assert.fail("the buffer was reached")) },
    now: Date.now,
    onBufferFailure: () => {},
  };
  const logger = createLogger("test", "silent");
  const app = buildApp(flux, { requestTimeoutMs: 1000, logger, isStopping: () => options.isStopping ?? false });
  return { app, registry };
}
