import type { SettingName, Settings } from "../../settings/schema.ts";
import { redisSocketUrl } from "../shared/redis-address.ts";
import { type Address, hostAndPort } from "./addresses.ts";
import type { PortWish } from "./ports.ts";
import type { RemoteWriteTarget } from "./remote-write-block.ts";

/** Where everything is. Stores may be this machine's or the user's own. */
export interface Place {
  readonly ports: ReadonlyMap<string, number>;
  readonly fluxUrl: string;
  readonly fluxAdmin: Address;
  readonly horizonAdmin: Address;
  readonly redisUrl: string;
  /** What Flux and Horizon use: a socket takes less CPU time than a port of the same machine. */
  readonly serviceRedisUrl: string;
  /** Undefined where that sink is switched off. */
  readonly victoriaMetricsUrl: string | undefined;
  /** For the user's own Prometheus. */
  readonly target: RemoteWriteTarget;
}

/** Whether a Redis of our own is to run. */
export function runsRedis(settings: Settings): boolean {
  return settings.REDIS_URL === undefined;
}

/** Whether a VictoriaMetrics of our own is to run. */
export function runsVictoriaMetrics(settings: Settings): boolean {
  return usesVictoriaMetrics(settings) && settings.VICTORIAMETRICS_URL === undefined;
}

/** Whether samples go to one VictoriaMetrics without a name, ours or the one of VICTORIAMETRICS_URL. */
function usesVictoriaMetrics(settings: Settings): boolean {
  const hasOthers = Object.keys(settings.VICTORIAMETRICS_URLS).length > 0;
  return settings.VICTORIAMETRICS_ENABLED && (settings.VICTORIAMETRICS_URL !== undefined || !hasOthers);
}

/** The ports that the system needs, with the settings that they come from. */
export function portWishes(settings: Settings, demo: boolean): PortWish[] {
  const local = (server: string, setting: SettingName): PortWish => ({
    server,
    setting,
    host: "127.0.0.1",
    port: Number(settings[setting]),
  });
  const service = (server: string, setting: SettingName, hostSetting: SettingName): PortWish => ({
    server,
    setting,
    hostSetting,
    host: String(settings[hostSetting]),
    port: Number(settings[setting]),
  });
  return [
    ...(runsRedis(settings) ? [local("Redis", "LOCAL_REDIS_PORT")] : []),
    ...(runsVictoriaMetrics(settings) ? [local("VictoriaMetrics", "LOCAL_VICTORIAMETRICS_PORT")] : []),
    service("Flux", "FLUX_PORT", "FLUX_HOST"),
    service("Flux", "FLUX_ADMIN_PORT", "FLUX_ADMIN_HOST"),
    service("Horizon", "HORIZON_ADMIN_PORT", "HORIZON_HOST"),
    ...(demo ? [local("Prometheus", "LOCAL_PROMETHEUS_PORT")] : []),
    ...(demo ? [local("node_exporter", "LOCAL_NODE_EXPORTER_PORT")] : []),
  ];
}

/**
 * Puts the addresses together.
 * @param ports setting → port, as `choosePorts` gives them.
 * @param key the key that may write for every tenant.
 * @param redisSocket of the local Redis, if it has one.
 */
export function placeOf(
  settings: Settings,
  ports: ReadonlyMap<string, number>,
  key: string,
  redisSocket?: string,
): Place {
  const address = (host: string, setting: SettingName): Address => ({ host, port: ports.get(setting) ?? 0 });
  const scheme = settings.FLUX_TLS_CERT_FILE === undefined ? "http" : "https";
  const fluxUrl = `${scheme}://${hostAndPort(address(settings.FLUX_HOST, "FLUX_PORT"))}`;
  const localVictoriaMetrics = `http://${hostAndPort(address("127.0.0.1", "LOCAL_VICTORIAMETRICS_PORT"))}`;
  const redisUrl = settings.REDIS_URL ?? `redis://${hostAndPort(address("127.0.0.1", "LOCAL_REDIS_PORT"))}`;
  const usesSocket = runsRedis(settings) && redisSocket !== undefined;
  return {
    ports,
    fluxUrl,
    fluxAdmin: address(settings.FLUX_ADMIN_HOST, "FLUX_ADMIN_PORT"),
    horizonAdmin: address(settings.HORIZON_HOST, "HORIZON_ADMIN_PORT"),
    redisUrl,
    serviceRedisUrl: usesSocket ? redisSocketUrl(redisSocket) : redisUrl,
    victoriaMetricsUrl: usesVictoriaMetrics(settings)
      ? (settings.VICTORIAMETRICS_URL ?? localVictoriaMetrics)
      : undefined,
    target: { fluxUrl, key, tenant: "my-tenant", server: "1", serverUrl: "http://my-prometheus:9090" },
  };
}

/** What Flux and Horizon are told on top of the environment that they inherit. */
export function serviceEnvironment(place: Place): Record<string, string> {
  return {
    FLUX_SELF_API_KEY: place.target.key,
    REDIS_URL: place.serviceRedisUrl,
    ...(place.victoriaMetricsUrl === undefined ? {} : { VICTORIAMETRICS_URL: place.victoriaMetricsUrl }),
    FLUX_PORT: String(place.ports.get("FLUX_PORT")),
    FLUX_ADMIN_PORT: String(place.fluxAdmin.port),
    HORIZON_ADMIN_PORT: String(place.horizonAdmin.port),
  };
}
