import process from "node:process";
import { fileURLToPath } from "node:url";
import { pickFreePort } from "../../../services/local/ports.ts";
import { checkHttp } from "../../../services/local/supervise/readiness.ts";
import { metricValue } from "../../support/metric-value.ts";
import { type ServerProcess, startServerProcess } from "../../support/server-process.ts";

/** A process that is frozen takes connections and never answers. */
const STATUS_TIMEOUT_MS = 5000;

/** A Horizon in a process of its own, run from its source. */
export interface HorizonProcess extends ServerProcess {
  readonly adminUrl: string;
  /** The sum of a metric's samples that have all these `label="value"`. */
  metric(name: string, ...labels: readonly string[]): Promise<number>;
  status(): Promise<HorizonStatus>;
}

/** What is read of `/-/status`. */
export interface HorizonStatus {
  readonly instance: string;
  readonly instances: readonly string[];
  readonly shards: readonly { readonly shard: number; readonly holder: string | null; readonly heldSince?: string }[];
}

/** Starts a Horizon with these settings and no others, and waits until it is ready. */
export async function spawnHorizon(settings: Readonly<Record<string, string>>): Promise<HorizonProcess> {
  const port = await pickFreePort("127.0.0.1");
  const adminUrl = `http://127.0.0.1:${port}`;
  const main = fileURLToPath(new URL("../../../services/horizon/main.ts", import.meta.url));
  const server = await startServerProcess({
    name: "Horizon",
    program: process.execPath,
    args: ["--import", import.meta.resolve("tsx"), main],
    env: { HORIZON_ADMIN_PORT: String(port), ...settings },
    notReady: () => checkHttp(`${adminUrl}/-/ready`),
  });
  return Object.assign(server, {
    adminUrl,
    metric: (name: string, ...labels: readonly string[]) => metricValue(`${adminUrl}/metrics`, name, ...labels),
    status: () => readStatus(adminUrl),
  });
}

/** Reads a Horizon's `/-/status`. */
export async function readStatus(adminUrl: string): Promise<HorizonStatus> {
  const response = await fetch(`${adminUrl}/-/status`, { signal: AbortSignal.timeout(STATUS_TIMEOUT_MS) });
  return JSON.parse(await response.text());
}
