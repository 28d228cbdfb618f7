import { formatValue } from "../sinks/timeseries/timeseries-arguments.ts";
import type { ReadSeries } from "./read-series.ts";

/**
 * The body of an answer, in the form that Prometheus gives to `query_range`: times in seconds, values as texts. Texts
 * are the shortest that read back as the same number.
 */
export function recentAnswer(series: readonly ReadSeries[], warnings: readonly string[]): string {
  const result = series.map(describe).join(",");
  const more = warnings.length === 0 ? "" : `,"warnings":${JSON.stringify(warnings)}`;
  return `{"status":"success","data":{"resultType":"matrix","result":[${result}]}${more}}`;
}

function describe({ labels, points }: ReadSeries): string {
  const metric = Object.fromEntries(labels.map(({ name, value }) => [name, value]));
  const values = points.map(({ timestampMs, value }) => `[${timestampMs / 1000},"${formatValue(value)}"]`);
  return `{"metric":${JSON.stringify(metric)},"values":[${values.join(",")}]}`;
}

/** The body of an answer that holds no series, as Prometheus writes it. */
export function refusedAnswer(errorType: string, error: string): string {
  return JSON.stringify({ status: "error", errorType, error });
}
