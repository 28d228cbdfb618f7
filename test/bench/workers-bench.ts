import { parseArgs } from "node:util";
import { startRedis } from "../support/redis-server.ts";
import { warmUpRounds } from "./compete.ts";
import { cpuSeconds } from "./cpu-time.ts";
import { type FluxContestant, startFluxContestant } from "./flux-contestant.ts";
import { buildPayload } from "./payload.ts";
import { processTree } from "./process-tree.ts";
import { spreadOf } from "./spread.ts";

/*
 * How much faster several workers are than one. Sender and Redis run on the same cores, so that their CPU time has to be
 * subtracted: compared is what comes to a second of CPU, which is what a second would bring if every worker had a core of its
 * own and always something to do. Where sender and Redis take the cores, one worker may get more of them, and with them more
 * requests, than another; so what comes to a second of the busiest one is beside it, and the plain ratio of the times that
 * passed.
 *
 *   npm run bench -- workers --workers 2
 */

const PER_REQUEST = 2000;
const SCRAPE_MS = 15_000;

const { values } = parseArgs({
  options: {
    workers: { type: "string", default: "2" },
    rounds: { type: "string", default: "5" },
    passes: { type: "string", default: "4" },
    // Two workers share what warms one: they need twice as long.
    "warm-up-passes": { type: "string", default: "80" },
  },
  allowPositionals: true,
});
const payload = buildPayload(PER_REQUEST);
const passes = Number(values.passes);
const warmUp = warmUpRounds(Number(values["warm-up-passes"]), passes);
const redises = [await startRedis(), await startRedis()] as const;
const one = await startFluxContestant(redises[0].url, { settings: { FLUX_WORKERS: "1" } });
const many = await startFluxContestant(redises[1].url, { settings: { FLUX_WORKERS: values.workers } });
console.log(`${payload.what}; ${passes} passes a round`);

const workers = Number(values.workers);
const byCpu: number[] = [];
const byBusiest: number[] = [];
const byClock: number[] = [];
let timeMs = Date.now() - 3_600_000;
for (let round = 0; round < warmUp + Number(values.rounds); round++) {
  const bodies = Array.from({ length: passes }, () => {
    timeMs += SCRAPE_MS;
    return payload.bodiesAt(timeMs);
  }).flat();
  const single = await measure(one, bodies);
  const several = await measure(many, bodies);
  const ratios = {
    cpu: (workers * single.cpuSeconds) / several.cpuSeconds,
    busiest: single.busiestSeconds / several.busiestSeconds,
    clock: single.seconds / several.seconds,
  };
  console.log(
    `${round < warmUp ? "warm-up" : `round ${round - warmUp + 1}`}: ${ratios.cpu.toFixed(2)} by CPU time, ` +
      `${ratios.busiest.toFixed(2)} by that of the busiest worker, ${ratios.clock.toFixed(2)} by the clock`,
  );
  if (round >= warmUp) {
    byCpu.push(ratios.cpu);
    byBusiest.push(ratios.busiest);
    byClock.push(ratios.clock);
  }
}
console.log(
  `\n${workers} workers beside one: ${ratioText(byCpu)} by CPU time, ${ratioText(byBusiest)} by that of the busiest, ` +
    `${ratioText(byClock)} by the clock`,
);
for (const server of [one, many, ...redises]) {
  await server.stop();
}

async function measure(contestant: FluxContestant, bodies: readonly Buffer[]) {
  const before = new Map(processTree(contestant.flux.pid).map((pid) => [pid, cpuSeconds(pid)]));
  const startMs = performance.now();
  await contestant.take(bodies);
  const used = [...before].map(([pid, seconds]) => cpuSeconds(pid) - seconds);
  const seconds = (performance.now() - startMs) / 1000;
  return { seconds, cpuSeconds: used.reduce((sum, one) => sum + one, 0), busiestSeconds: Math.max(...used) };
}

function ratioText(ratios: readonly number[]): string {
  const { median, min, max } = spreadOf(ratios);
  return `median ${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`;
}
