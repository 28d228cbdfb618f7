import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import { formatValue } from "../../services/horizon/reading/format-value.ts";
import { timeSeriesKey } from "../../services/shared/buffer-keys.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { cpuSeconds } from "./cpu-time.ts";
import { SERIES_KINDS, type SeriesKind } from "./day-of-samples.ts";

/*
 * What RTS_CHUNK_BYTES costs: memory of a series that holds a day of samples, one a minute, and CPU time of Redis for
 * - an append: a sample of a new minute,
 * - an update: the newest sample of the minute before comes a claim later, as where scrapes are 15 seconds apart,
 * - a late update: a sample of half an hour ago.
 * Memory is what INFO says that all of Redis has grown by, so the key, the labels and their index are in it.
 *
 *   npm run bench -- timeseries-chunks --series 200 --chunks 128,256,384,512,1024,4096
 */

const { values } = parseArgs({
  options: {
    series: { type: "string", default: "200" },
    chunks: { type: "string", default: "128,256,384,512,1024,4096" },
  },
});
const seriesOfEach = Number(values.series);
const MINUTES = 1440;
const UPDATE_ROUNDS = 100;
const BATCH = 500;
const START_MS = Date.UTC(2026, 0, 1);

interface BenchSeries {
  readonly key: string;
  readonly next: () => number;
}

const shares = SERIES_KINDS.map(({ name, share }) => `${name} ${Math.round(share * 100)} %`).join(", ");
console.log(`${seriesOfEach} series of each kind, 10 labels, ${MINUTES} samples each; the mix: ${shares}\n`);
const columns = ["chunk", ...SERIES_KINDS.map(({ name }) => name), "mix", "append", "update", "late update"];
console.log(`| ${columns.join(" | ")} |\n|${"---|".repeat(columns.length)}`);
for (const chunkBytes of values.chunks.split(",").map(Number)) {
  const server = await startRedis();
  const redis = new Redis(server.url);
  console.log(`| ${(await measure(server, redis, chunkBytes)).join(" | ")} |`);
  redis.disconnect();
  await server.stop();
}

async function measure(server: RedisServer, redis: Redis, chunkBytes: number): Promise<string[]> {
  const series: BenchSeries[] = [];
  const memory: number[] = [];
  let append = 0;
  for (const kind of SERIES_KINDS) {
    const before = await usedMemory(redis);
    const own = await createSeries(redis, chunkBytes, kind, series.length);
    const minutes = Array.from({ length: MINUTES }, (_, i) => i);
    append += (await measureWrites(server, redis, own, minutes)) / SERIES_KINDS.length;
    memory.push(((await usedMemory(redis)) - before) / own.length);
    series.push(...own);
  }
  const mix = memory.reduce((sum, bytes, i) => sum + bytes * (SERIES_KINDS[i]?.share ?? 0), 0);
  const update = await measureWrites(server, redis, series, new Array(UPDATE_ROUNDS).fill(MINUTES - 1));
  const late = await measureWrites(server, redis, series, new Array(UPDATE_ROUNDS).fill(MINUTES - 31));
  return [
    String(chunkBytes),
    ...[...memory, mix].map((bytes) => `${Math.round(bytes)} B`),
    ...[append, update, late].map((seconds) => `${(seconds * 1e6).toFixed(1)} µs`),
  ];
}

async function createSeries(
  redis: Redis,
  chunkBytes: number,
  { begin }: SeriesKind,
  firstNumber: number,
): Promise<BenchSeries[]> {
  const series: BenchSeries[] = [];
  for (let i = 0; i < seriesOfEach; i++) {
    const id = (BigInt(firstNumber + i + 1) * 0x9e3779b97f4a7c15n).toString(16).slice(-16);
    const key = timeSeriesKey("", id);
    const labels = Array.from({ length: 10 }, (_, n) => [`label_${n}`, `value ${n} of ${i % 50}`]).flat();
    const settings = ["RETENTION", 86_400_000, "CHUNK_SIZE", chunkBytes, "DUPLICATE_POLICY", "LAST"];
    await redis.call("TS.CREATE", key, ...settings, "LABELS", ...labels);
    series.push({ key, next: begin(i + 1) });
  }
  return series;
}

/** @returns CPU seconds of Redis for a sample. */
async function measureWrites(
  server: RedisServer,
  redis: Redis,
  series: readonly BenchSeries[],
  minutes: readonly number[],
): Promise<number> {
  const before = cpuSeconds(server.pid);
  for (const minute of minutes) {
    const points = series.map(({ key, next }) => ({ key, timestampMs: START_MS + minute * 60_000, value: next() }));
    for (let from = 0; from < points.length; from += BATCH) {
      const batch = points.slice(from, from + BATCH);
      await redis.call(
        "TS.MADD",
        ...batch.flatMap(({ key, timestampMs, value }) => [key, String(timestampMs), formatValue(value)]),
      );
    }
  }
  return (cpuSeconds(server.pid) - before) / (minutes.length * series.length);
}

async function usedMemory(redis: Redis): Promise<number> {
  const [, bytes] = /used_memory:(\d+)/.exec(await redis.info("memory")) ?? [];
  return Number(bytes);
}
