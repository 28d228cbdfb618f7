import { Redis } from "ioredis";
import { z } from "zod";
import { httpText } from "../support/http-text.ts";
import type { VictoriaMetrics } from "../support/victoria-metrics.ts";

const KEYS_AT_ONCE = 1000;

const countResult = z.object({
  data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }),
});

/** How many samples a VictoriaMetrics holds that are not older than this. */
export async function victoriaSampleCount({ url, forceFlush }: VictoriaMetrics, ageSeconds: number): Promise<number> {
  await forceFlush();
  const query = `sum(count_over_time({__name__!=""}[${Math.ceil(ageSeconds)}s]))`;
  const text = await httpText(`${url}/api/v1/query`, { query, nocache: "1" });
  return Number(countResult.parse(JSON.parse(text)).data.result[0]?.value[1] ?? 0);
}

/** How many samples a RedisTimeSeries holds in all its series. */
export async function timeSeriesSampleCount(url: string): Promise<number> {
  const redis = new Redis(url);
  let samples = 0;
  let cursor = "0";
  do {
    const [next, keys] = await redis.scan(cursor, "MATCH", "labelled_metrics.*", "COUNT", KEYS_AT_ONCE);
    const infos = await Promise.all(keys.map((key) => redis.call("TS.INFO", key)));
    samples += infos.reduce<number>((sum, info) => sum + totalSamples(info), 0);
    cursor = next;
  } while (cursor !== "0");
  redis.disconnect();
  return samples;
}

/** TS.INFO answers a flat list of names and values. */
function totalSamples(info: unknown): number {
  const flat: unknown[] = Array.isArray(info) ? info : [];
  return Number(flat[flat.indexOf("totalSamples") + 1]);
}
