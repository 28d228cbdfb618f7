import { Redis } from "ioredis";
import { startRedis } from "../support/redis-server.ts";
import { startFluxContestant } from "./flux-contestant.ts";
import { buildPayload, SERIES } from "./payload.ts";

const PER_REQUEST = 2000;
const SCRAPE_MS = 15_000;
/** The first of them registers the series, and the others give Redis the time to put its tables in order after that. */
const WARM_UP_PASSES = 3;
const PASSES = 10;

/** Prints what a sample takes in the buffer's memory, and what a series does beside. */
export async function measureBuffer(): Promise<void> {
  const server = await startRedis();
  const redis = new Redis(server.url);
  const flux = await startFluxContestant(server.url);
  const startMs = Date.now() - 3_600_000;
  const payload = buildPayload(PER_REQUEST);
  const pass = (number: number) => flux.take(payload.bodiesAt(startMs + number * SCRAPE_MS));
  const empty = await usedMemory(redis);
  for (let number = 0; number < WARM_UP_PASSES; number++) {
    await pass(number);
  }
  const warm = await usedMemory(redis);
  for (let number = 0; number < PASSES; number++) {
    await pass(WARM_UP_PASSES + number);
  }
  const perSample = ((await usedMemory(redis)) - warm) / (PASSES * SERIES);
  const perSeries = (warm - empty) / SERIES - WARM_UP_PASSES * perSample;
  console.log(
    `buffer: ${perSample.toFixed(1)} bytes a sample in Redis (used_memory, ${PASSES} passes of ${SERIES} series); ` +
      `beside them ${perSeries.toFixed(0)} bytes a series in the registry of the hour`,
  );
  await flux.stop();
  redis.disconnect();
  await server.stop();
}

async function usedMemory(redis: Redis): Promise<number> {
  const [, bytes] = /^used_memory:(\d+)/m.exec(await redis.info("memory")) ?? [];
  return Number(bytes);
}
