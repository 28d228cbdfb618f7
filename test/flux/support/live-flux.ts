import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { Registry } from "prom-client";
import { buildApp } from "../../../services/flux/app.ts";
import { Exchanges } from "../../../services/flux/http/exchanges.ts";
import { serverLimits } from "../../../services/flux/http/intake-server.ts";
import { MemoryBudget } from "../../../services/flux/http/memory-budget.ts";
import { type FluxState, fluxOperations } from "../../../services/flux/operations.ts";
import { type Policy, policyFrom } from "../../../services/flux/policy.ts";
import { TrafficGate } from "../../../services/flux/traffic-gate.ts";
import { wireFlux } from "../../../services/flux/wire-flux.ts";
import { createLogger } from "../../../services/shared/logger.ts";
import { buildOperationsApp, openOperationsServer } from "../../../services/shared/operations-server.ts";
import { connectRedis, waitForRedis } from "../../../services/shared/redis-connection.ts";
import { createSeriesHasher } from "../../../services/shared/series-id.ts";
import { type LoadResult, parseSettings } from "../../../settings/load.ts";
import type { Settings } from "../../../settings/schema.ts";
import { type Route, routesOf } from "../../support/routes-of.ts";
import { listen } from "./raw-connection.ts";

type Environment = Readonly<Record<string, string>>;

/** A whole Flux in the process of a test: both its listeners, on a real Redis, under a key prefix of its own. */
export interface LiveFlux {
  readonly intakeUrl: string;
  readonly intakePort: number;
  readonly adminUrl: string;
  /** All that either listener has. */
  readonly routes: { readonly intake: readonly Route[]; readonly operations: readonly Route[] };
  /** Its own connection. */
  readonly redis: Redis;
  readonly prefix: string;
  /** What its settings are read from; `POST /-/reload` reads it again. */
  environment: Environment;
  /** Bytes that the bodies of requests hold now. */
  heldBytes(): number;
  /** From now on new requests are sent away, as on SIGTERM. */
  beginStop(): void;
  close(): Promise<void>;
}

/** @throws Error that holds the problems of the settings, if there are any. */
export async function openLiveFlux(redisUrl: string, environment: Environment): Promise<LiveFlux> {
  const prefix = `test-${randomUUID()}:`;
  const load = (env: Environment) =>
    parseSettings(undefined, { REDIS_URL: redisUrl, REDIS_KEY_PREFIX: prefix, ...env });
  const { settings, policy } = accepted(load(environment));
  const logger = createLogger("test", "silent");
  const redis = connectRedis(redisUrl, { name: "test-flux", timeoutMs: settings.REDIS_TIMEOUT_MS, logger });
  await waitForRedis(redis, 20_000);
  const registry = new Registry();
  const hasher = await createSeriesHasher();
  const gate = new TrafficGate(Date.now);
  const flux = wireFlux({
    ...{ settings, redis, registry, gate, hasher, logger },
    policy: () => state.policy,
    now: Date.now,
  });
  const state: FluxState = {
    ...{ version: "test", redis, redisUrl, registry, certificateFiles: undefined, logger, settings, policy },
    ...{ streams: flux.streams, gate, metrics: flux.metrics, isListening: true },
  };
  const memory = new MemoryBudget(() => flux.policy().maxInFlightBytes);
  let isStopping = false;
  const app = buildApp(flux, {
    ...{ limits: serverLimits(settings), logger, exchanges: new Exchanges(memory) },
    isStopping: () => isStopping,
  });
  const intakePort = await listen(app);
  const answers = fluxOperations(state, async () => load(live.environment));
  const operations = await openOperationsServer({ ...answers, host: "127.0.0.1", port: 0 });
  const routes = { intake: await routesOf(app), operations: await routesOf(buildOperationsApp(answers)) };
  const live: LiveFlux = {
    intakeUrl: `http://127.0.0.1:${intakePort}`,
    adminUrl: `http://127.0.0.1:${operations.port}`,
    ...{ intakePort, routes, redis, prefix, environment },
    heldBytes: () => memory.usedBytes,
    beginStop: () => {
      isStopping = true;
    },
    close: async () => {
      await app.close();
      await operations.close();
      redis.disconnect();
    },
  };
  return live;
}

function accepted(loaded: LoadResult): { settings: Settings; policy: Policy } {
  const made = loaded.ok ? policyFrom(loaded.settings) : loaded;
  if (!loaded.ok || !made.ok) {
    throw new Error(`cannot open a Flux with these settings: ${made.ok ? "" : made.problems.join("; ")}`);
  }
  return { settings: loaded.settings, policy: made.policy };
}
