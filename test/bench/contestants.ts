import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { metricValue } from "../support/metric-value.ts";
import { spawnService } from "../support/service.ts";
import { untilNothingIsMissing } from "../support/until.ts";
import { startVmagent } from "../support/vmagent.ts";
import { sendAll } from "./send.ts";

/** A program that takes requests to write. */
export interface Contestant {
  readonly name: string;
  readonly pid: number;
  /** Sends it all bodies and waits until it has done its whole work on them. */
  take(bodies: readonly Buffer[], connections: number): Promise<void>;
  residentMegabytes(): number;
  stop(): Promise<void>;
}

const KEY = "self-key-of-the-bench";

/** Flux, writing to a Redis. Its work on a request is done when it answers. */
export async function startFluxContestant(redisUrl: string): Promise<Contestant> {
  const flux = await spawnService("flux", { REDIS_URL: redisUrl, FLUX_SELF_API_KEY: KEY, LOG_LEVEL: "warn" });
  const headers = { key: KEY, "x-tenant-id": "bench", "x-server-id": "1" };
  return {
    name: "Flux",
    pid: flux.pid,
    take: (bodies, connections) => sendAll(`${flux.intakeUrl}/prometheus/write`, headers, bodies, connections),
    residentMegabytes: () => residentMegabytes(flux.pid),
    stop: () => flux.stop(),
  };
}

/** vmagent, forwarding to a sink. Its work is done when the sink has everything. */
export async function startVmagentContestant(): Promise<Contestant> {
  const sink = await startSink();
  const server = await startVmagent(`http://127.0.0.1:${sink.port}/`);
  const { url } = server;
  const forwarded = async () => {
    const received = await metricValue(`${url}/metrics`, "vmagent_rows_inserted_total", 'type="promremotewrite"');
    const sent = await metricValue(`${url}/metrics`, "vmagent_remotewrite_block_size_rows_sum");
    const pending = await metricValue(`${url}/metrics`, "vmagent_remotewrite_pending_data_bytes");
    return sent >= received && pending === 0 ? undefined : `${sent} of ${received} rows sent, ${pending} bytes pending`;
  };
  return {
    name: "vmagent",
    pid: server.pid,
    take: async (bodies, connections) => {
      await sendAll(`${url}/api/v1/write`, {}, bodies, connections);
      await untilNothingIsMissing(forwarded);
    },
    residentMegabytes: () => residentMegabytes(server.pid),
    stop: async () => {
      await server.stop();
      await sink.close();
    },
  };
}

/** Answers 204 to everything, as the cheapest of all stores. */
async function startSink(): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => response.writeHead(204).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function residentMegabytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}
