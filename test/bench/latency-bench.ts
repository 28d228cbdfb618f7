import { parseArgs } from "node:util";
import { startRedis } from "../support/redis-server.ts";
import { CONNECTIONS } from "./contestant.ts";
import { FLUX_HEADERS, startFluxContestant } from "./flux-contestant.ts";
import { buildPayload } from "./payload.ts";
import { latenciesAtRateMs, REMOTE_WRITE_HEADERS } from "./send.ts";

/*
 * How long Flux takes to answer a request of 2000 samples, each confirmed by a Redis that writes it to disk, at half of the rate
 * that it reaches on this machine. The sender runs on the same cores and does not wait for answers; a latency is counted
 * from the moment at which the request was due.
 *
 *   npm run bench -- latency --seconds 20
 */

const PER_REQUEST = 2000;
const PEAK_PASSES = 4;
const SCRAPE_MS = 15_000;

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "20" }, share: { type: "string", default: "0.5" } },
  allowPositionals: true,
});
const payload = buildPayload(PER_REQUEST);
const redis = await startRedis();
const flux = await startFluxContestant(redis.url);
let timeMs = Date.now() - 3_600_000;
await flux.take(nextPasses(1));
const bodies = nextPasses(PEAK_PASSES);
const startMs = performance.now();
await flux.take(bodies);
const peak = (bodies.length * 1000) / (performance.now() - startMs);
console.log(`peak: ${Math.round(peak * PER_REQUEST)} samples a second over ${CONNECTIONS} connections`);

const rate = peak * Number(values.share);
const count = Math.round(rate * Number(values.seconds));
const queue = nextPasses(Math.ceil((count * PER_REQUEST) / payload.samples)).slice(0, count);
const headers = { ...REMOTE_WRITE_HEADERS, ...FLUX_HEADERS };
const latencies = (await latenciesAtRateMs(flux.writeUrl, headers, queue, rate)).sort((a, b) => a - b);
const at = (share: number) => (latencies[Math.floor((latencies.length - 1) * share)] ?? Number.NaN).toFixed(1);
console.log(
  `${count} requests of ${PER_REQUEST} samples at ${Math.round(rate * PER_REQUEST)} samples a second: ` +
    `p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`,
);
await flux.stop();
await redis.stop();

function nextPasses(passes: number): Buffer[] {
  return Array.from({ length: passes }, () => {
    timeMs += SCRAPE_MS;
    return payload.bodiesAt(timeMs);
  }).flat();
}
