import { Redis } from "ioredis";
import { decodeLabelText } from "../../services/horizon/sinks/timeseries/label-text.ts";
import { type Samples, seriesKey } from "./compare-series.ts";
import { SERVER, TENANT } from "./pipeline.ts";
import type { ExactSeries } from "./remote-read.ts";
import { bitsOf, numberOf } from "./special-values.ts";

/** Everything that a RedisTimeSeries holds of ours. */
export interface TimeSeriesContents {
  /** Values as their 64 bits, in hexadecimal. */
  readonly samples: Samples;
  readonly retentionsMs: ReadonlySet<number>;
  readonly policies: ReadonlySet<string>;
}

/** Reads every key `labelled_metrics.*`, its labels decoded. */
export async function timeSeriesSamples(redisUrl: string): Promise<TimeSeriesContents> {
  const redis = new Redis(redisUrl);
  const samples = new Map<string, Map<number, string>>();
  const retentionsMs = new Set<number>();
  const policies = new Set<string>();
  for (const key of await redis.keys("labelled_metrics.*")) {
    const info = toMap(await redis.call("TS.INFO", key));
    retentionsMs.add(Number(info.get("retentionTime")));
    policies.add(String(info.get("duplicatePolicy")));
    const labels = Object.fromEntries(
      [...toMap(info.get("labels"))].map(([name, value]) => [name, decodeLabelText(String(value))]),
    );
    const points = toPairs(await redis.call("TS.RANGE", key, "-", "+"));
    samples.set(
      seriesKey(labels),
      new Map(points.map(([time, value]) => [Number(time), bitsOf(Number(value)).toString(16)])),
    );
  }
  redis.disconnect();
  return { samples, retentionsMs, policies };
}

/**
 * What RedisTimeSeries is to hold of these: for each bucket, at its start, the value of the newest sample in it that
 * the store can take (no NaN, no infinity, no time before 1970).
 */
export function lastOfBuckets(series: readonly ExactSeries[], bucketSeconds: number): Samples {
  const kept = new Map<string, Map<number, string>>();
  for (const { labels, samples } of series) {
    const buckets = new Map<number, string>();
    for (const { timestampMs, bits } of samples) {
      if (timestampMs >= 0 && Number.isFinite(numberOf(bits))) {
        buckets.set(timestampMs - (timestampMs % (bucketSeconds * 1000)), bits.toString(16));
      }
    }
    if (buckets.size > 0) {
      kept.set(seriesKey({ ...labels, _tenant_id: TENANT, _server_id: SERVER }), buckets);
    }
  }
  return kept;
}

function toPairs(reply: unknown): [string, string][] {
  return Array.isArray(reply) ? reply.map(([first, second]) => [String(first), String(second)]) : [];
}

/** A map, which stands in a reply as a flat list of names and values. */
function toMap(reply: unknown): Map<string, unknown> {
  const flat = Array.isArray(reply) ? reply : [];
  return new Map(flat.flatMap((name, i) => (i % 2 === 0 ? [[String(name), flat[i + 1]] as const] : [])));
}
