import { Counter, Histogram, type Registry } from "prom-client";

const BUCKETS_SECONDS = [0.005, 0.02, 0.1, 0.5, 2, 10, 30];

/** What is counted of reading back. */
export class ReadMetrics {
  readonly #reads: Counter<"status">;
  readonly #duration: Histogram;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#reads = new Counter({
      name: "horizon_reads_total",
      help: "Requests to /api/v1/recent, by the status of the answer.",
      labelNames: ["status"],
      registers,
    });
    this.#duration = new Histogram({
      name: "horizon_read_duration_seconds",
      help: "How long requests to /api/v1/recent took.",
      buckets: BUCKETS_SECONDS,
      registers,
    });
  }

  observe(status: number, seconds: number): void {
    this.#reads.inc({ status: String(status) });
    this.#duration.observe(seconds);
  }
}
