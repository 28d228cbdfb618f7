import { parseArgs } from "node:util";
import { startRedis } from "../support/redis-server.ts";
import { compete } from "./compete.ts";
import { startFluxContestant } from "./flux-contestant.ts";
import { buildPayload } from "./payload.ts";
import { recordPayload } from "./recorded-payload.ts";
import { startVmagentContestant } from "./vmagent-contestant.ts";

/*
 * Samples per CPU-second of the Flux process, beside vmagent on the same payload in the same run. Flux confirms every
 * request in a Redis that writes it to disk (`appendfsync always`); vmagent forwards to a sink that answers 204 at once.
 *
 *   npm run bench -- flux --per-request 2000
 *   npm run bench -- flux --per-request 8000
 *   npm run bench -- flux --rules              Flux has three dropMetrics patterns and two dropLabels rules, vmagent none
 *   npm run bench -- flux --new-share 0.05     a twentieth of the series is new in every pass
 *   npm run bench -- flux --payload recorded   what a Prometheus sends of node_exporter and of itself
 *   npm run bench -- flux --profile FOLDER --without-peer
 */

const SCRAPE_MS = 15_000;

/** Rules of every kind: most series meet none of them, one in a hundred is dropped, one in three loses a label. */
const RULES = {
  dropMetrics: `["node_network_transmit_bytes_42", "go_memstats", "^apiserver_request_.*_bucket"]`,
  dropLabels: `[["zone", "eu-west-1c"], ["trace_id"]]`,
};

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    passes: { type: "string", default: "4" },
    "warm-up-passes": { type: "string", default: "40" },
    "per-request": { type: "string", default: "2000" },
    "new-share": { type: "string", default: "0" },
    rules: { type: "boolean", default: false },
    payload: { type: "string", default: "fixed" },
    "without-peer": { type: "boolean", default: false },
    profile: { type: "string" },
  },
});
const perRequest = Number(values["per-request"]);
const payload =
  values.payload === "recorded"
    ? await recordPayload(perRequest)
    : buildPayload(perRequest, { newShare: Number(values["new-share"]) });
const redis = await startRedis();
const ours = await startFluxContestant(redis.url, {
  headers: values.rules ? RULES : {},
  profileFolder: values.profile,
});
const peer = values["without-peer"] ? undefined : await startVmagentContestant();
await compete({
  ...{ ours, peer, payload, rounds: Number(values.rounds), passes: Number(values.passes) },
  ...{ warmUpPasses: Number(values["warm-up-passes"]), startMs: Date.now() - 3_600_000, stepMs: SCRAPE_MS },
});
await ours.stop();
await peer?.stop();
await redis.stop();
