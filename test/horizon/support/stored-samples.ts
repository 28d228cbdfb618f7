import type { Redis } from "ioredis";
import { timeSeriesKey } from "../../../services/shared/buffer-keys.ts";

/** The samples of a series in RedisTimeSeries as [time, text of the value], or undefined where there is no series. */
export async function timeSeriesSamples(
  redis: Redis,
  prefix: string,
  id: string,
): Promise<[number, string][] | undefined> {
  try {
    const reply = await redis.call("TS.RANGE", timeSeriesKey(prefix, id), "-", "+");
    return (reply as [number, string][]).map(([timestampMs, value]) => [Number(timestampMs), String(value)]);
  } catch (error) {
    if (error instanceof Error && /key does not exist|not a TSDB key/.test(error.message)) {
      return undefined;
    }
    throw error;
  }
}

/** What TS.INFO says of a series. */
export async function timeSeriesInfo(redis: Redis, prefix: string, id: string): Promise<Map<string, unknown>> {
  const reply = (await redis.call("TS.INFO", timeSeriesKey(prefix, id))) as unknown[];
  return new Map(reply.flatMap((name, i): [string, unknown][] => (i % 2 === 0 ? [[String(name), reply[i + 1]]] : [])));
}

/** The labels in what `timeSeriesInfo` gives; as pairs or all in one row, as the protocol's version has it. */
export function labelsOfInfo(info: ReadonlyMap<string, unknown>): Map<string, string> {
  const row = [info.get("labels")].flat(2).map(String);
  return new Map(row.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, row[i + 1] ?? ""]] : [])));
}
