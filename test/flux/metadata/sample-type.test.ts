import assert from "node:assert/strict";
import { test } from "node:test";
import { typeOfSample } from "../../../services/flux/metadata/sample-type.ts";
import type { MetricType } from "../../../services/shared/registry-record.ts";

const families = new Map<string, MetricType>([
  ["requests_total", "counter"],
  ["bytes", "counter"],
  ["duration_seconds", "histogram"],
  ["rpc", "summary"],
  ["queue", "gaugehistogram"],
  ["temperature", "gauge"],
  ["build", "info"],
  ["state", "stateset"],
  ["duration_seconds_count", "gauge"],
  ["odd", "unknown"],
  ["", "counter"],
]);

const cases: [metricName: string, type: MetricType][] = [
  ["requests_total", "counter"],
  ["bytes_total", "counter"],
  ["bytes_created", "counter"],
  ["bytes", "counter"],
  ["duration_seconds_bucket", "histogram"],
  ["duration_seconds_sum", "histogram"],
  ["duration_seconds_created", "histogram"],
  ["rpc", "summary"],
  ["rpc_sum", "summary"],
  ["rpc_count", "summary"],
  ["rpc_created", "summary"],
  ["queue_bucket", "gaugehistogram"],
  ["queue_gcount", "gaugehistogram"],
  ["queue_gsum", "gaugehistogram"],
  ["temperature", "gauge"],
  ["build_info", "info"],
  ["state", "stateset"],
  // The very name wins over the family that the suffix points to.
  ["duration_seconds_count", "gauge"],
  // A suffix counts only where the type of the family has it.
  ["temperature_total", "unknown"],
  ["temperature_count", "unknown"],
  ["rpc_bucket", "unknown"],
  ["bytes_sum", "unknown"],
  ["requests_info", "unknown"],
  ["odd", "unknown"],
  ["odd_total", "unknown"],
  ["nobody_said", "unknown"],
  ["_total", "unknown"],
  ["", "counter"],
];

for (const [metricName, type] of cases) {
  test(`a series called "${metricName}" is of type ${type}`, () => {
    assert.equal(
      typeOfSample(metricName, (name) => families.get(name)),
      type,
    );
  });
}
