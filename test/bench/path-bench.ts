import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { msUntilNext } from "../../services/horizon/loop.ts";
import { compete, warmUpRounds } from "./compete.ts";
import type { Contestant } from "./contestant.ts";
import { buildPayload } from "./payload.ts";
import { processTree } from "./process-tree.ts";
import { startVmagentContestant } from "./vmagent-contestant.ts";
import { startWholePath } from "./whole-path.ts";

/*
 * Samples per CPU-second of Flux, its Redis and Horizon together, beside vmagent: four samples of each series come within
 * one of Horizon's intervals, and its work is done when VictoriaMetrics and RedisTimeSeries (on a Redis of its own) have
 * them. What the stores use is not counted, here and there. Horizon does not wait for claims to settle, which would only
 * take time.
 *
 *   npm run bench -- path --rounds 5
 */

const SCRAPE_MS = 15_000;
const SCRAPES = 4;
/** How long after the beginning of an interval Horizon has surely claimed what was there. */
const CLAIMED_MS = 500;
const DELIVERY_TIMEOUT_MS = 300_000;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    "per-request": { type: "string", default: "2000" },
    "warm-up-passes": { type: "string", default: "16" },
    interval: { type: "string", default: "20" },
    "without-peer": { type: "boolean", default: false },
    profile: { type: "string" },
  },
  allowPositionals: true,
});
const intervalMs = Number(values.interval) * 1000;
const rounds = Number(values.rounds);
const warmUpPasses = Number(values["warm-up-passes"]);
const allRounds = rounds + warmUpRounds(warmUpPasses, SCRAPES);
const path = await startWholePath({
  settings: { HORIZON_INTERVAL_SECONDS: values.interval, VICTORIAMETRICS_SETTLE_SECONDS: "0" },
  profileFolder: values.profile,
});
const ours: Contestant = {
  name: "Flux, Redis, Horizon",
  processes: () => ({
    Flux: processTree(path.flux.flux.pid),
    Redis: processTree(path.buffer.pid),
    Horizon: processTree(path.horizon.pid),
  }),
  ready: () => delay(msUntilNext(Date.now(), intervalMs) + CLAIMED_MS),
  take: async (bodies) => {
    await path.flux.take(bodies);
    await path.untilDelivered(DELIVERY_TIMEOUT_MS);
  },
  stop: () => path.stop(),
};
const peer = values["without-peer"] ? undefined : await startVmagentContestant();
const minuteMs = SCRAPES * SCRAPE_MS;
await compete({
  ...{ ours, peer, payload: buildPayload(Number(values["per-request"])), rounds, passes: SCRAPES, warmUpPasses },
  ...{ startMs: Math.floor(Date.now() / minuteMs - allRounds) * minuteMs, stepMs: SCRAPE_MS },
});
await ours.stop();
await peer?.stop();
