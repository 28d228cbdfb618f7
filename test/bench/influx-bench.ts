import { parseArgs } from "node:util";
import { startRedis } from "../support/redis-server.ts";
import { startVictoriaMetrics } from "../support/victoria-metrics.ts";
import { compete } from "./compete.ts";
import { CONNECTIONS, type Contestant } from "./contestant.ts";
import { FLUX_HEADERS, startFluxContestant } from "./flux-contestant.ts";
import { buildLinePayload } from "./line-payload.ts";
import { processTree } from "./process-tree.ts";
import { sendAll } from "./send.ts";

/*
 * Samples per CPU-second of InfluxDB line protocol: of the Flux process, which confirms every request in a Redis that
 * writes it to disk, beside a VictoriaMetrics that takes the same lines at /write and stores them. Of VictoriaMetrics the time until it
 * has answered is counted; what it does with them later is not.
 *
 *   npm run bench -- influx --per-request 2000
 */

const SCRAPE_MS = 15_000;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    passes: { type: "string", default: "2" },
    "warm-up-passes": { type: "string", default: "40" },
    "per-request": { type: "string", default: "2000" },
    "without-peer": { type: "boolean", default: false },
    profile: { type: "string" },
  },
  allowPositionals: true,
});
const redis = await startRedis();
const flux = await startFluxContestant(redis.url, { profileFolder: values.profile });
const lineUrl = `${flux.flux.intakeUrl}/write?db=bench`;
const ours: Contestant = { ...flux, take: (bodies) => sendAll(lineUrl, FLUX_HEADERS, bodies, CONNECTIONS) };
const peer = values["without-peer"] ? undefined : await startVictoriaContestant();
await compete({
  ...{ ours, peer, payload: buildLinePayload(Number(values["per-request"])) },
  ...{ rounds: Number(values.rounds), passes: Number(values.passes) },
  ...{ warmUpPasses: Number(values["warm-up-passes"]), startMs: Date.now() - 3_600_000, stepMs: SCRAPE_MS },
});
await ours.stop();
await peer?.stop();
await redis.stop();

async function startVictoriaContestant(): Promise<Contestant> {
  const victoria = await startVictoriaMetrics();
  return {
    name: "VictoriaMetrics",
    processes: () => ({ VictoriaMetrics: processTree(victoria.pid) }),
    take: (bodies) => sendAll(`${victoria.url}/write?db=bench`, {}, bodies, CONNECTIONS),
    stop: () => victoria.stop(),
  };
}
