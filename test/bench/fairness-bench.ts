import { fork } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { startRedis } from "../support/redis-server.ts";
import { spawnService } from "../support/service.ts";
import { buildPayload } from "./payload.ts";
import { latenciesMs, REMOTE_WRITE_HEADERS } from "./send.ts";
import { spreadOf } from "./spread.ts";

/*
 * What a tenant far over its rate does to another's latency: a quiet tenant sends a request of 500 samples every 50 ms;
 * a loud one, limited to `--rate` samples a second, sends ten times as much from a process of its own and never heeds
 * Retry-After. Rounds with and without the loud one take turns.
 *
 *   npm run bench -- fairness --rounds 5 --rate 20000
 */

const KEY = "self-key-of-the-bench";
const EXCESS = 10;
const QUIET_REQUESTS = 100;
const QUIET_EVERY_MS = 50;

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, rate: { type: "string", default: "20000" } },
  allowPositionals: true,
});
const rate = Number(values.rate);
const redis = await startRedis();
const flux = await spawnService("flux", {
  REDIS_URL: redis.url,
  FLUX_SELF_API_KEY: KEY,
  FLUX_TENANTS: JSON.stringify({ loud: { limits: { samplesPerSecond: rate, samplesBurst: rate } } }),
  LOG_LEVEL: "warn",
});
const url = `${flux.intakeUrl}/prometheus/write`;
const bodies = buildPayload(500).bodiesAt(Date.now()).slice(0, QUIET_REQUESTS);

const alone: number[] = [];
const beside: number[] = [];
await quietRound();
for (let round = 1; round <= Number(values.rounds); round++) {
  alone.push(await quietRound());
  const loud = fork(new URL("./loud-sender.ts", import.meta.url), [url, KEY, String(rate * EXCESS)], {
    execArgv: ["--import", "tsx"],
  });
  await once(loud, "message");
  beside.push(await quietRound());
  const tally = once(loud, "message");
  loud.send("stop");
  const [sent] = await tally;
  console.log(
    `round ${round}: median ${alone.at(-1)?.toFixed(2)} ms alone, ${beside.at(-1)?.toFixed(2)} ms beside ${sent}`,
  );
}
const ratio = spreadOf(beside.map((median, i) => median / (alone[i] ?? Number.NaN)));
console.log(
  `\nmedian latency of the quiet tenant: ${spreadOf(alone).median.toFixed(2)} ms alone, ` +
    `${spreadOf(beside).median.toFixed(2)} ms beside a tenant at ${EXCESS} times its rate of ${rate} samples a second; ` +
    `ratio ${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)})`,
);
await flux.stop();
await redis.stop();

/** @returns the median latency of the quiet tenant's requests, in ms. */
async function quietRound(): Promise<number> {
  const headers = { ...REMOTE_WRITE_HEADERS, key: KEY, "x-tenant-id": "quiet", "x-server-id": "1" };
  return spreadOf(await latenciesMs(url, headers, bodies, QUIET_EVERY_MS)).median;
}
