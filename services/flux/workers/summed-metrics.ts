import { AggregatorRegistry, type Registry } from "prom-client";
import { isGauge, type MetricPoint, type MetricReport, type MetricSnapshot } from "./metric-report.ts";

/** Metrics of a process as such, which say nothing when they are added up. */
const OF_THE_PROCESS = /^(process|nodejs)_/;

interface Metric extends Omit<MetricSnapshot, "values"> {
  values: MetricPoint[];
}

/**
 * The metrics of all workers as one: counters and histograms are added up, those of workers that have ended included;
 * gauges are put together as each says (`aggregator`: the sum unless it says otherwise); what is of a process as such
 * stands there for each, with the label `worker`.
 */
export class SummedMetrics {
  /** By worker, then by name. */
  readonly #workers = new Map<number, Map<string, Metric>>();
  /** What workers counted that have ended, by name and by `pointKey`. */
  readonly #ended = new Map<string, { readonly metric: MetricSnapshot; readonly sums: Map<string, MetricPoint> }>();

  /** Takes a report of a worker. Reports have to come in their order. */
  take(worker: number, report: MetricReport): void {
    const metrics = this.#workers.get(worker) ?? new Map<string, Metric>();
    this.#workers.set(worker, metrics);
    for (const change of report) {
      if ("whole" in change) {
        metrics.set(change.whole.name, { ...change.whole, values: [...change.whole.values] });
      } else {
        const values = metrics.get(change.name)?.values ?? [];
        for (const [position, value] of change.changed) {
          const point = values[position];
          if (point) {
            values[position] = { ...point, value };
          }
        }
        values.push(...change.added);
      }
    }
  }

  /** A worker has ended: what it counted stays, what was of the moment goes. */
  retire(worker: number): void {
    for (const metric of this.#of(worker)) {
      if (!(isGauge(metric) || OF_THE_PROCESS.test(metric.name))) {
        this.#keep(metric);
      }
    }
    this.#workers.delete(worker);
  }

  /** The sum over all labels of a metric, of the worker that runs now. */
  totalOf(worker: number, name: string): number {
    const values = this.#workers.get(worker)?.get(name)?.values ?? [];
    return values.reduce((sum, { value }) => sum + value, 0);
  }

  /** Everything as one registry. @param own the primary's own metrics. */
  async read(own: Pick<Registry, "getMetricsAsJSON">): Promise<Registry> {
    const primary: MetricSnapshot[] = await own.getMetricsAsJSON();
    return AggregatorRegistry.aggregate([
      ...[...this.#workers.keys()].map((worker) => this.#of(worker).map((metric) => labelled(metric, String(worker)))),
      [...this.#ended.values()].map(({ metric, sums }) => ({ ...metric, values: [...sums.values()] })),
      primary.map((metric) => labelled(metric, "primary")),
    ]);
  }

  #keep(metric: MetricSnapshot): void {
    const { sums } = this.#ended.get(metric.name) ?? { sums: new Map<string, MetricPoint>() };
    for (const point of metric.values) {
      const key = pointKey(point);
      sums.set(key, { ...point, value: point.value + (sums.get(key)?.value ?? 0) });
    }
    this.#ended.set(metric.name, { metric, sums });
  }

  #of(worker: number): Metric[] {
    return [...(this.#workers.get(worker)?.values() ?? [])];
  }
}

/** Tells the metrics of a process as such apart; all others stay as they are. */
function labelled(metric: MetricSnapshot, worker: string): MetricSnapshot {
  return OF_THE_PROCESS.test(metric.name)
    ? {
        ...metric,
        aggregator: "first",
        values: metric.values.map((point) => ({ ...point, labels: { ...point.labels, worker } })),
      }
    : metric;
}

/** The same for values that are added up: a metric always names its labels in the same order. */
function pointKey({ labels, metricName }: MetricPoint): string {
  return JSON.stringify([metricName, labels]);
}
