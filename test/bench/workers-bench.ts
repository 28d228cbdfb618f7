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
 * subtracted: compared is what comes to a second of CPU of the busiest worker, which is what a second would bring if every
 * worker had a core of its own. The plain ratio of the times that passed is beside it.
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

const byCpu: number[] = [];
const byClock: number[] = [];
let timeMs = Date.now() - 3_600_000;
for (let round = 0; round < warmUp + Number(values.rounds); round++) {
  const bodies = Array.from({ length: passes }, () => {
    timeMs += SCRAPE_MS;
    return payload.bodiesAt(timeMs);
  }).flat();
  const single = await measure(one, bodies);
  const several = await measure(many, bodies);
  const ratios = { cpu: single.busiestSeconds / several.busiestSeconds, clock: single.seconds / several.seconds };
  console.log(
    `${round < warmUp ? "warm-up" : `round ${round - warmUp + 1}`}: ${ratios.cpu.toFixed(2)} by the CPU time of the busiest worker, ` +
      `${ratios.clock.toFixed(2)} by the clock`,
  );
  if (round >= warmUp) {
    byCpu.push(ratios.cpu);
    byClock.push(ratios.clock);
  }
}
console.log(
  `\n${values.workers} workers beside one: ${ratioText(byCpu)} by CPU time, ${ratioText(byClock)} by the clock`,
);
for (const server of [one, many, ...redises]) {
  await server.stop();
}

async function measure(contestant: FluxContestant, bodies: readonly Buffer[]) {
  const before = new Map(processTree(contestant.flux.pid).map((pid) => [pid, cpuSeconds(pid)]));
  const startMs = performance.now();
  await contestant.take(bodies);
  const used = [...before].map(([pid, seconds]) => cpuSeconds(pid) - seconds);
  return { seconds: (performance.now() - startMs) / 1000, busiestSeconds: Math.max(...used) };
}

function ratioText(ratios: readonly number[]): string {
  const { median, min, max } = spreadOf(ratios);
  return `median ${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`;
}
