import type { Settings } from "../../settings/schema.ts";
import type { SinkName } from "./claim-state.ts";

/** One receiver of remote-write. */
export interface NamedStore {
  readonly name: SinkName;
  readonly url: string;
}

/** Where Horizon's stores are; undefined for one that is turned off. */
export interface StoreUrls {
  readonly buffer: string;
  readonly timeseries: string | undefined;
  /** Empty when VictoriaMetrics is turned off. */
  readonly receivers: readonly NamedStore[];
}

export type FoundUrls = { ok: true; urls: StoreUrls } | { ok: false; problems: string[] };

/** This Horizon reads blocks alone. */
export function requireBlocks({ BUFFER_FORMAT }: Settings): { ok: true } | { ok: false; problems: string[] } {
  return BUFFER_FORMAT === "blocks"
    ? { ok: true }
    : {
        ok: false,
        problems: [
          `cannot start Horizon: BUFFER_FORMAT is ${BUFFER_FORMAT}, so Flux writes for the Horizon of Skyline; leave ` +
            "the work to that one, or set BUFFER_FORMAT to blocks",
        ],
      };
}

/** Settings that have no default because only `npm start` can do without them. */
export function requireUrls(settings: Settings): FoundUrls {
  const { REDIS_URL, RTS_REDIS_URL } = settings;
  const receivers = receiversOf(settings);
  const problems: string[] = [];
  if (REDIS_URL === undefined) {
    problems.push(
      "cannot start Horizon: REDIS_URL is not set; give the Redis that Flux writes to, like redis://127.0.0.1:6379",
    );
  }
  if (settings.VICTORIAMETRICS_ENABLED && receivers.length === 0) {
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
      receivers,
    },
  };
}

function receiversOf({ VICTORIAMETRICS_ENABLED, VICTORIAMETRICS_URL, VICTORIAMETRICS_URLS }: Settings): NamedStore[] {
  if (!VICTORIAMETRICS_ENABLED) {
    return [];
  }
  const named = Object.entries(VICTORIAMETRICS_URLS).map(
    ([name, url]): NamedStore => ({ name: `victoriametrics.${name}`, url }),
  );
  return VICTORIAMETRICS_URL === undefined ? named : [{ name: "victoriametrics", url: VICTORIAMETRICS_URL }, ...named];
}
