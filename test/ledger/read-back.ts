import { Redis } from "ioredis";
import { decodeLabelText } from "../../services/horizon/sinks/timeseries/label-text.ts";
import { seriesKey } from "../support/compare-series.ts";
import type { VictoriaMetrics } from "../support/victoria-metrics.ts";
import type { Held } from "./judge.ts";

type Holding = Map<string, Map<number, Set<number>>>;

/** Everything that VictoriaMetrics holds of the ledger's series. */
export async function heldByVictoria(victoria: VictoriaMetrics): Promise<Held> {
  const held: Holding = new Map();
  for (const { labels, samples } of await victoria.exportAll('{__name__=~"ledger_.*"}')) {
    for (const { timestampMs, value } of samples) {
      add(held, seriesKey(labels), timestampMs, value);
    }
  }
  return held;
}

/** Everything that a RedisTimeSeries holds. */
export async function heldByTimeSeries(redisUrl: string): Promise<Held> {
  const redis = new Redis(redisUrl);
  const reply = await redis.call("TS.MRANGE", "-", "+", "WITHLABELS", "FILTER", "_server_id=1");
  redis.disconnect();
  const held: Holding = new Map();
  // A map, which the client gives as a flat list: the key, then what it holds; labels are a map as well.
  for (const [labels, , points] of pairs(reply).map(([, value]) => list(value))) {
    const texts = pairs(labels).map(([name, value]) => [String(name), decodeLabelText(String(value))]);
    const series = seriesKey(Object.fromEntries(texts));
    for (const [time, value] of list(points).map(list)) {
      add(held, series, Number(time), Number(value));
    }
  }
  return held;
}

function add(held: Holding, series: string, timestampMs: number, value: number): void {
  const times = held.get(series) ?? new Map<number, Set<number>>();
  held.set(series, times);
  const values = times.get(timestampMs) ?? new Set<number>();
  times.set(timestampMs, values);
  values.add(value);
}

function list(reply: unknown): unknown[] {
  return Array.isArray(reply) ? reply : [];
}

function pairs(reply: unknown): [unknown, unknown][] {
  const flat = list(reply);
  return flat.flatMap((name, i): [unknown, unknown][] => (i % 2 === 0 ? [[name, flat[i + 1]]] : []));
}
