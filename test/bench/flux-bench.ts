import { parseArgs } from "node:util";
import { startRedis } from "../support/redis-server.ts";
import { startFluxContestant, startVmagentContestant } from "./contestants.ts";
import { cpuSeconds } from "./cpu-time.ts";
import { buildPayload, SERIES } from "./payload.ts";
import { spreadOf } from "./spread.ts";

/*
 * Samples per CPU-second of the Flux process, beside vmagent on the same payload in the same run: CPU time of the
 * process (user and system), several rounds that take turns, median and spread. Flux confirms every request in a
 * Redis that writes it to disk (`appendfsync always`); vmagent forwards to a sink that answers 204 at once.
 *
 *   npm run bench -- --rounds 5 --per-request 2000
 */

const CONNECTIONS = 4;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    "per-request": { type: "string", default: "2000" },
    "without-peer": { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const perRequest = Number(values["per-request"]);

const payload = buildPayload(perRequest);
console.log(
  `${SERIES} series of 10 labels (${payload.rawBytesPerSeries} bytes raw), 1 sample each, ${perRequest} a request, ` +
    `${CONNECTIONS} connections, ${rounds} rounds after one of warm-up\n`,
);
const redis = await startRedis();
const contestants = [await startFluxContestant(redis.url)];
if (!values["without-peer"]) {
  contestants.push(await startVmagentContestant());
}
const figures = contestants.map((): number[] => []);
const startMs = Date.now() - (rounds + 1) * 1000;
for (let round = 0; round <= rounds; round++) {
  const bodies = payload.bodiesAt(startMs + round * 1000);
  for (const [i, contestant] of contestants.entries()) {
    const before = cpuSeconds(contestant.pid);
    await contestant.take(bodies, CONNECTIONS);
    const figure = payload.samples / (cpuSeconds(contestant.pid) - before);
    const what = round === 0 ? "warm-up, every series new" : `round ${round}`;
    console.log(`${contestant.name.padEnd(8)} ${what}: ${thousands(figure)} samples per CPU-second`);
    if (round > 0) {
      figures[i]?.push(figure);
    }
  }
}
console.log("");
for (const [i, contestant] of contestants.entries()) {
  const { median, min, max } = spreadOf(figures[i] ?? []);
  console.log(
    `${contestant.name.padEnd(8)} median ${thousands(median)} samples per CPU-second (${thousands(min)} to ${thousands(max)}), ` +
      `resident ${contestant.residentMegabytes()} MB`,
  );
}
const [flux = [], peer] = figures;
if (peer) {
  const { median, min, max } = spreadOf(flux.map((figure, i) => figure / (peer[i] ?? Number.NaN)));
  console.log(`ratio    median ${median.toFixed(3)} of vmagent (${min.toFixed(3)} to ${max.toFixed(3)})`);
}
for (const contestant of contestants) {
  await contestant.stop();
}
await redis.stop();

function thousands(figure: number): string {
  return `${(figure / 1000).toFixed(1)} k`;
}
