import type { MetricType } from "../../shared/registry-record.ts";

/*
 * The names of the series that a family has beside its own, in Prometheus' text format and in OpenMetrics. A counter of
 * OpenMetrics is the family `x` and the series `x_total`, a histogram `x` has no series `x` at all.
 */
const FAMILIES_WITH: Readonly<Record<string, readonly MetricType[]>> = {
  _bucket: ["histogram", "gaugehistogram"],
  _count: ["histogram", "summary"],
  _sum: ["histogram", "summary"],
  _gcount: ["gaugehistogram"],
  _gsum: ["gaugehistogram"],
  _total: ["counter"],
  _created: ["counter", "histogram", "summary"],
  _info: ["info"],
};

/**
 * The type of the family that a series belongs to: of the family that has its very name, else of the one whose name it
 * has with a suffix that this type of family has.
 * @param typeOfFamily says what is known of a family; undefined where there is none of that name.
 */
export function typeOfSample(
  metricName: string,
  typeOfFamily: (familyName: string) => MetricType | undefined,
): MetricType {
  const own = typeOfFamily(metricName);
  if (own !== undefined) {
    return own;
  }
  const suffixAt = metricName.lastIndexOf("_");
  const possible = suffixAt > 0 ? FAMILIES_WITH[metricName.slice(suffixAt)] : undefined;
  const family = possible && typeOfFamily(metricName.slice(0, suffixAt));
  return family !== undefined && possible?.includes(family) ? family : "unknown";
}
