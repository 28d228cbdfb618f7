import { formatValue } from "./format-value.ts";
import type { Pace } from "./pace.ts";
import type { ReadSeries } from "./read-series.ts";

/**
 * The body of an answer, in the form that Prometheus gives to `query_range`: times in seconds, values as texts. Texts
 * are the shortest that read back as the same number.
 * @throws the reason of the pace.
 */
export async function recentAnswer(
  series: readonly ReadSeries[],
  warnings: readonly string[],
  pace: Pace,
): Promise<string> {
  const result: string[] = [];
  for (const one of series) {
    result.push(describe(one));
    await pace.check();
  }
  const more = warnings.length === 0 ? "" : `,"warnings":${JSON.stringify(warnings)}`;
  return `{"status":"success","data":{"resultType":"matrix","result":[${result.join(",")}]}${more}}`;
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
