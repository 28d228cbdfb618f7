import { randomBytes } from "node:crypto";
import { stringify } from "yaml";

/** Where the two servers of the demonstration listen (host:port), and how they write to Flux. */
export interface DemoAddresses {
  readonly prometheus: string;
  readonly nodeExporter: string;
  readonly fluxUrl: string;
  readonly key: string;
}

export const DEMO_TENANT = "demo";
const DEMO_SERVER = "1";
const SCRAPE_INTERVAL = "5s";
const KEY_BYTES = 24;

/** A key for the demonstration alone. It lasts as long as one start. */
export function createDemoKey(): string {
  return randomBytes(KEY_BYTES).toString("hex");
}

/** What FLUX_API_KEYS holds for the demonstration's key: it implies tenant and server. */
export function demoGrant() {
  return { namespace: DEMO_TENANT, tenants: [DEMO_TENANT], tenant: DEMO_TENANT, server: DEMO_SERVER };
}

/**
 * The configuration of the demonstration's Prometheus. The key says who it is, because Debian's Prometheus 2.42 takes
 * `headers` and then does not send them (https://github.com/prometheus/prometheus/issues/13030).
 */
export function demoPrometheusConfig({ prometheus, nodeExporter, fluxUrl, key }: DemoAddresses): string {
  const job = (name: string, address: string) => ({ job_name: name, static_configs: [{ targets: [address] }] });
  return stringify({
    global: { scrape_interval: SCRAPE_INTERVAL },
    scrape_configs: [job("prometheus", prometheus), job("node", nodeExporter)],
    remote_write: [{ url: `${fluxUrl}/prometheus/write`, authorization: { credentials: key } }],
  });
}
