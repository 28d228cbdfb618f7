import type { Server } from "node:net";
import type { Settings } from "../../settings/schema.ts";
import { type DataFolder, lockDataFolder, prepareDataFolder } from "./data-folder.ts";
import { createDemoKey, demoGrant } from "./demo-config.ts";
import { ensurePart } from "./parts/ensure-part.ts";
import type { Part, PartOptions, RedisPart } from "./parts/part.ts";
import { requireCommand } from "./parts/run-command.ts";
import { type Place, placeOf, portWishes, runsRedis, runsVictoriaMetrics, serviceEnvironment } from "./place.ts";
import { choosePorts } from "./ports.ts";
import { loadOrCreateSelfKey } from "./self-key.ts";
import { demoPlans, redisPlan, servicePlan, victoriaMetricsPlan } from "./server-plans.ts";
import type { ServerPlan } from "./supervise/supervised-server.ts";

/** What to run, and how its programs are got. */
export interface LocalSystemOptions {
  readonly settings: Settings;
  readonly demo: boolean;
  readonly parts: PartOptions;
}

/** The programs that are not ours. Undefined: not needed. */
export interface Programs {
  readonly redis: RedisPart | undefined;
  readonly victoriaMetrics: Part | undefined;
  readonly demo: { readonly prometheus: Part; readonly nodeExporter: Part } | undefined;
}

/** A system that is ready to be started. */
export interface LocalSystem {
  /** In the order in which they start. */
  readonly plans: readonly ServerPlan[];
  readonly programs: Programs;
  readonly place: Place;
  readonly data: DataFolder;
  /** Keeps others out of the data folder while it is held. */
  readonly lock: Server | undefined;
}

/**
 * Prepares a system: its data folder, its ports, its key, its programs.
 * @throws LocalProblem for whatever the person at the terminal can put right.
 */
export async function prepareLocalSystem(options: LocalSystemOptions): Promise<LocalSystem> {
  const { settings, demo } = options;
  if (process.platform === "linux") {
    // It makes every server end with us; see death-signal.ts.
    requireCommand("setpriv", "cannot run servers", "install the package util-linux", options.parts.env);
  }
  const data = prepareDataFolder(settings.DATA_DIR);
  const lock = await lockDataFolder(data.root);
  const ports = await choosePorts(portWishes(settings, demo));
  const key = settings.FLUX_SELF_API_KEY ?? loadOrCreateSelfKey(data.selfKeyFile);
  const place = placeOf(settings, ports, key, data.redisSocket);
  const programs = await getPrograms(options);
  return { plans: planServers(options, programs, place, data), programs, place, data, lock };
}

async function getPrograms({ settings, demo, parts }: LocalSystemOptions): Promise<Programs> {
  const [redis, victoriaMetrics, prometheus, nodeExporter] = await Promise.all([
    runsRedis(settings) ? ensurePart("redis", parts) : undefined,
    runsVictoriaMetrics(settings) ? ensurePart("victoria-metrics", parts) : undefined,
    demo ? ensurePart("prometheus", parts) : undefined,
    demo ? ensurePart("node-exporter", parts) : undefined,
  ]);
  return { redis, victoriaMetrics, demo: prometheus && nodeExporter && { prometheus, nodeExporter } };
}

function planServers(
  { settings, parts }: LocalSystemOptions,
  programs: Programs,
  place: Place,
  data: DataFolder,
): ServerPlan[] {
  const port = (setting: string) => place.ports.get(setting) ?? 0;
  const { redis, victoriaMetrics, demo } = programs;
  const demoKey = createDemoKey();
  const keys = demo ? { FLUX_API_KEYS: JSON.stringify({ ...settings.FLUX_API_KEYS, [demoKey]: demoGrant() }) } : {};
  const serviceEnv = { ...parts.env, ...serviceEnvironment(place), ...keys };
  const plans = [
    redis && redisPlan(redis, port("LOCAL_REDIS_PORT"), data, parts.env),
    victoriaMetrics &&
      victoriaMetricsPlan(victoriaMetrics, port("LOCAL_VICTORIAMETRICS_PORT"), data, settings, parts.env),
    servicePlan("flux", place.fluxAdmin, settings.FLUX_SHUTDOWN_TIMEOUT_MS, data, serviceEnv),
    servicePlan("horizon", place.horizonAdmin, settings.HORIZON_SHUTDOWN_TIMEOUT_MS, data, serviceEnv),
    ...(demo ? planDemo(demo, demoKey, place, data, parts.env) : []),
  ];
  return plans.filter((plan) => plan !== undefined);
}

function planDemo(
  programs: NonNullable<Programs["demo"]>,
  key: string,
  { ports, fluxUrl }: Place,
  data: DataFolder,
  env: NodeJS.ProcessEnv,
): ServerPlan[] {
  const prometheusPort = ports.get("LOCAL_PROMETHEUS_PORT") ?? 0;
  const nodeExporterPort = ports.get("LOCAL_NODE_EXPORTER_PORT") ?? 0;
  return demoPlans({ ...programs, prometheusPort, nodeExporterPort, fluxUrl, key }, data, env);
}
