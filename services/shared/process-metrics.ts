import { collectDefaultMetrics, type Registry } from "prom-client";

/** Gauges of prom-client whose names end like a counter's, which `promtool check metrics` objects to. */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/** Adds what the process uses (CPU, memory, event loop, garbage collection) to a registry. */
export function addProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) {
    registry.removeSingleMetric(name);
  }
}
