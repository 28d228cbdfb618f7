import type { FastifyInstance } from "fastify";
import type { Registry } from "prom-client";
import type { Settings } from "../../../settings/schema.ts";
import type { KeyRing } from "../../shared/key-ring.ts";
import type { Lifecycle } from "../../shared/lifecycle.ts";
import type { Logger } from "../../shared/logger.ts";
import { ReadMetrics } from "./read-metrics.ts";
import type { SeriesSource } from "./read-series.ts";
import { addRecentRoute } from "./recent-route.ts";
import { openTimeSeriesReader } from "./timeseries-reader.ts";

export interface ReadingSurroundings {
  readonly settings: Settings;
  /** Of RedisTimeSeries; undefined where it is turned off. */
  readonly url: string | undefined;
  /** Those of the settings as they are now. */
  readonly keys: () => KeyRing;
  readonly registry: Registry;
  readonly lifecycle: Pick<Lifecycle, "onStop">;
  readonly logger: Logger;
}

/** Opens what reading back needs. @returns what adds its route to the operations listener. */
export function openReading({ settings, url, keys, registry, lifecycle, logger }: ReadingSurroundings) {
  const metrics = new ReadMetrics(registry);
  const source = url === undefined ? undefined : openSource(settings, url, lifecycle);
  return (app: FastifyInstance) => addRecentRoute(app, { keys, source, metrics, logger, now: Date.now });
}

function openSource(settings: Settings, url: string, lifecycle: Pick<Lifecycle, "onStop">): SeriesSource {
  const reader = openTimeSeriesReader(url, settings.REDIS_TIMEOUT_MS);
  lifecycle.onStop("reading of time series", () => reader.close());
  return {
    reader,
    keyPrefix: settings.REDIS_KEY_PREFIX,
    limits: {
      maxSeries: settings.RTS_READ_MAX_SERIES,
      maxPoints: settings.RTS_READ_MAX_POINTS,
      maxSearched: settings.RTS_READ_MAX_SEARCHED,
    },
  };
}
