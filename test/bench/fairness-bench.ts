import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startRedis } from "../support/redis-server.ts";
import { spawnService } from "../support/service.ts";
import { buildPayload } from "./payload.ts";
import { latenciesMs } from "./send.ts";
import { spreadOf } from "./spread.ts";

/*
 * What a tenant far over its rate does to another's latency: a quiet tenant sends a request of 500 samples every 50 ms;
 * a loud one, limited to `--rate` samples a second, sends its rate or ten times as much from a process of its own, and
 * never heeds Retry-After. Rounds alone, beside the loud one at its rate, and beside it at ten times its rate take
 * turns: the first pair of them says what any second tenant costs on this machine, the other what the excess does.
 *
 *   npm run bench -- fairness --rounds 5 --rate 20000
 */

const KEY = "self-key-of-the-bench";
const EXCESS = 10;
const QUIET_REQUESTS = 100;
const QUIET_EVERY_MS = 50;
/** Until the loud one has used up its burst. */
const SETTLE_MS = 2000;

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
const loud = fork(new URL("./loud-sender.ts", import.meta.url), [url, KEY], { execArgv: ["--import", "tsx"] });
await once(loud, "message");

const alone: number[] = [];
const atItsRate: number[] = [];
const inExcess: number[] = [];
await round(EXCESS);
for (let i = 1; i <= Number(values.rounds); i++) {
  const rounds = [await round(0), await round(1), await round(EXCESS)] as const;
  alone.push(rounds[0].medianMs);
  atItsRate.push(rounds[1].medianMs);
  inExcess.push(rounds[2].medianMs);
  const medians = rounds.map(({ medianMs }) => `${medianMs.toFixed(2)} ms`);
  console.log(
    `round ${i}: median ${medians[0]} alone, ${medians[1]} beside a tenant at its rate, ${medians[2]} at ${EXCESS} times ` +
      `that (of its requests ${rounds[2].loudAnswers})`,
  );
}
console.log(`
median latency of the quiet tenant: ${describe(alone)} alone, ${describe(atItsRate)} beside a tenant at its rate of
${rate} samples a second, ${describe(inExcess)} beside one at ${EXCESS} times that.
Ratio of the last to alone: ${describeRatio(inExcess, alone)}; to beside a tenant at its rate: ${describeRatio(inExcess, atItsRate)}`);
loud.kill();
await flux.stop();
await redis.stop();

/** A round of the quiet tenant beside a loud one that sends so many times its rate. */
async function round(times: number): Promise<{ medianMs: number; loudAnswers: string }> {
  await turnLoud(times * rate);
  await delay(times > 0 ? SETTLE_MS : 0);
  const headers = { key: KEY, "x-tenant-id": "quiet", "x-server-id": "1" };
  const latencies = await latenciesMs(url, headers, bodies, QUIET_EVERY_MS);
  return { medianMs: spreadOf(latencies).median, loudAnswers: await turnLoud(0) };
}

/** @returns what became of the loud one's requests since the last turn. */
async function turnLoud(samplesPerSecond: number): Promise<string> {
  const answered = once(loud, "message");
  loud.send(samplesPerSecond);
  const [tally] = await answered;
  return String(tally);
}

function describe(medians: readonly number[]): string {
  return `${spreadOf(medians).median.toFixed(2)} ms`;
}

function describeRatio(medians: readonly number[], to: readonly number[]): string {
  const { median, min, max } = spreadOf(medians.map((one, i) => one / (to[i] ?? Number.NaN)));
  return `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`;
}
