import type { Aggregator, Registry } from "prom-client";

/** One value of a metric. Of a histogram, `metricName` tells buckets, sum and count apart. */
export interface MetricPoint {
  readonly labels: Readonly<Partial<Record<string, string | number>>>;
  readonly metricName?: string;
  readonly value: number;
}

/** A metric with all its values, as registries tell it. */
export interface MetricSnapshot {
  readonly name: string;
  readonly help: string;
  /** "counter", "gauge", "histogram" or "summary", whatever prom-client's types say. */
  readonly type: unknown;
  /** How values of several processes become one. */
  readonly aggregator: Aggregator;
  readonly values: readonly MetricPoint[];
}

/** What has changed of a metric since the last report. */
export type MetricChange =
  /** The metric as a whole: the first time, and gauges, whose values come and go. */
  | { readonly whole: MetricSnapshot }
  /** Values that are others now, by their position, and values that are new, which stand behind all others. */
  | {
      readonly name: string;
      readonly changed: readonly (readonly [position: number, value: number])[];
      readonly added: readonly MetricPoint[];
    };

/** What has changed in a registry since the last report. */
export type MetricReport = readonly MetricChange[];

/**
 * Tells what has changed in a registry. Counters and histograms only ever grow, so that most of thousands of values
 * need not be told again: those of tenants that have sent nothing.
 */
export class MetricReporter {
  readonly #registry: Pick<Registry, "getMetricsAsJSON">;
  /** The values that were told, by metric and position. */
  readonly #told = new Map<string, number[]>();
  #latest: Promise<unknown> = Promise.resolve();

  constructor(registry: Pick<Registry, "getMetricsAsJSON">) {
    this.#registry = registry;
  }

  /**
   * Tells what has changed since the last time. Reports never overtake each other.
   * @param send is called once, while no value moves on.
   */
  report(send: (report: MetricReport) => Promise<void>): Promise<void> {
    const done = this.#latest.then(async () => {
      const metrics = await this.#registry.getMetricsAsJSON();
      await send(metrics.flatMap((metric) => this.#change(metric) ?? []));
    });
    this.#latest = done.catch(() => undefined);
    return done;
  }

  #change(metric: MetricSnapshot): MetricChange | undefined {
    const { name, values } = metric;
    const told = this.#told.get(name);
    if (!told || isGauge(metric)) {
      this.#told.set(
        name,
        values.map(({ value }) => value),
      );
      return { whole: bare(metric) };
    }
    const changed: [number, number][] = [];
    for (const [position, before] of told.entries()) {
      const value = values[position]?.value ?? before;
      if (value !== before) {
        told[position] = value;
        changed.push([position, value]);
      }
    }
    const added = values.slice(told.length);
    told.push(...added.map(({ value }) => value));
    return changed.length + added.length > 0 ? { name, changed, added } : undefined;
  }
}

/** Whether a metric's values are of the moment, and mean nothing once their process is gone. */
export function isGauge({ type }: Pick<MetricSnapshot, "type">): boolean {
  return type === "gauge";
}

/** Without the functions that registries keep beside it. */
function bare({ name, help, type, aggregator, values }: MetricSnapshot): MetricSnapshot {
  return { name, help, type, aggregator, values };
}
