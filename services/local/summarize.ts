import type { Settings } from "../../settings/schema.ts";
import { hostAndPort, withoutSecrets } from "./addresses.ts";
import { DEMO_TENANT } from "./demo-config.ts";
import type { LocalSystem } from "./local-system.ts";
import { queryLink, type Summary, type SummaryRow } from "./summary.ts";

/**
 * Puts together what is told once a system runs.
 * @param hasPage whether VictoriaMetrics has its page vmui; some packages leave it out.
 */
export function summarize(settings: Settings, system: LocalSystem, hasPage: boolean): Summary {
  const { place, data } = system;
  return {
    rows: [...serviceRows(system), ...storeRows(settings, system), ...demoRows(system)],
    dataFolder: data.root,
    logFolder: data.logs,
    target: place.target,
    queryLinks: queryLinks(system, hasPage),
    hints: [
      "Debian's Prometheus 2.42 does not send these headers: give it a key of its own in FLUX_API_KEYS (docs/settings.md).",
      `Samples are in the stores up to ${settings.HORIZON_INTERVAL_SECONDS} seconds after they were sent.`,
      "",
    ],
  };
}

function serviceRows({ place }: LocalSystem): SummaryRow[] {
  const admin = (address: LocalSystem["place"]["fluxAdmin"]) => `http://${hostAndPort(address)}/-/status`;
  return [
    { name: "Flux", address: place.fluxUrl, note: "takes what Prometheus sends" },
    { name: "Flux admin", address: admin(place.fluxAdmin), note: "also /metrics and /-/ready" },
    { name: "Horizon admin", address: admin(place.horizonAdmin), note: "also /metrics and /-/ready" },
  ];
}

function storeRows(settings: Settings, { place, programs }: LocalSystem): SummaryRow[] {
  const { redis, victoriaMetrics } = programs;
  const redisNote = redis ? `version ${redis.version}` : "your own";
  const storeNote = victoriaMetrics
    ? `version ${victoriaMetrics.version}, keeps ${settings.LOCAL_VICTORIAMETRICS_RETENTION}`
    : "your own";
  const { victoriaMetricsUrl } = place;
  return [
    { name: "Redis", address: withoutSecrets(place.redisUrl), note: redisNote },
    ...(victoriaMetricsUrl === undefined
      ? []
      : [{ name: "VictoriaMetrics", address: withoutSecrets(victoriaMetricsUrl), note: storeNote }]),
  ];
}

function demoRows({ place, programs }: LocalSystem): SummaryRow[] {
  if (programs.demo === undefined) {
    return [];
  }
  const { prometheus, nodeExporter } = programs.demo;
  const url = (setting: string) => `http://127.0.0.1:${place.ports.get(setting)}`;
  return [
    {
      name: "Prometheus",
      address: url("LOCAL_PROMETHEUS_PORT"),
      note: `version ${prometheus.version}, tenant ${DEMO_TENANT}`,
    },
    { name: "node_exporter", address: url("LOCAL_NODE_EXPORTER_PORT"), note: `version ${nodeExporter.version}` },
  ];
}

function queryLinks({ place, programs }: LocalSystem, hasPage: boolean): SummaryRow[] {
  if (place.victoriaMetricsUrl === undefined) {
    return [];
  }
  const url = withoutSecrets(place.victoriaMetricsUrl);
  const query = programs.demo ? `node_load1{_tenant_id="${DEMO_TENANT}"}` : `count({_tenant_id!=""}) by (_tenant_id)`;
  const page = hasPage
    ? { name: "vmui", address: `${url}/vmui/`, note: "VictoriaMetrics' own page" }
    : { name: "vmui", address: "not in this VictoriaMetrics", note: "(Debian's package leaves it out)" };
  return [page, { name: "query", address: queryLink(url, query), note: "" }];
}
