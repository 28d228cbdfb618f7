import type { Settings } from "../../settings/schema.ts";

/** Where Horizon's stores are; undefined for one that is turned off. */
export interface StoreUrls {
  readonly buffer: string;
  readonly timeseries: string | undefined;
  readonly victoriametrics: string | undefined;
}

export type FoundUrls = { ok: true; urls: StoreUrls } | { ok: false; problems: string[] };

/** Settings that have no default because only `npm start` can do without them. */
export function requireUrls(settings: Settings): FoundUrls {
  const { REDIS_URL, RTS_REDIS_URL, VICTORIAMETRICS_URL } = settings;
  const problems: string[] = [];
  if (REDIS_URL === undefined) {
    problems.push(
      "cannot start Horizon: REDIS_URL is not set; give the Redis that Flux writes to, like redis://127.0.0.1:6379",
    );
  }
  if (settings.VICTORIAMETRICS_ENABLED && VICTORIAMETRICS_URL === undefined) {
    problems.push(
      "cannot start Horizon: VICTORIAMETRICS_URL is not set; give it, like http://127.0.0.1:8428, or set " +
        "VICTORIAMETRICS_ENABLED to false",
    );
  }
  if (REDIS_URL === undefined || problems.length > 0) {
    return { ok: false, problems };
  }
  return {
    ok: true,
    urls: {
      buffer: REDIS_URL,
      timeseries: settings.RTS_ENABLED ? (RTS_REDIS_URL ?? REDIS_URL) : undefined,
      victoriametrics: settings.VICTORIAMETRICS_ENABLED ? VICTORIAMETRICS_URL : undefined,
    },
  };
}
