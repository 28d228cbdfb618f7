import { collectDefaultMetrics, type Registry } from "prom-client";

/** Gauges of prom-client whose names end like a counter's, which `promtool check metrics` objects to. */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/** How often it is looked how late the event loop is. By default every 10 ms, which costs an idle process 1.5 % of a core. */
const EVENT_LOOP_LOOK_MS = 250;

/** Adds what the process uses (CPU, memory, event loop, garbage collection) to a registry. */
export function addProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_LOOK_MS });
  for (const name of MISNAMED) {
    registry.removeSingleMetric(name);
  }
}
