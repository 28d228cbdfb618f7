import { Counter, type Registry } from "prom-client";
import type { SinkName } from "../claim-state.ts";

/** What became of the metadata of one server in one store, in families. */
export interface ForwardedMetadata {
  readonly sent: number;
  readonly refused: number;
  readonly unreadable: number;
}

/** Counts metadata that is sent on to stores. A family counts whenever it is sent, which is again and again. */
export class MetadataCounters {
  readonly #families: Readonly<Record<keyof ForwardedMetadata, Counter<"sink" | "tenant">>>;
  readonly #failures: Counter<"sink">;

  constructor(registry: Registry, sinks: readonly SinkName[]) {
    const registers = [registry];
    const families = (name: keyof ForwardedMetadata, help: string) =>
      new Counter({ name: `horizon_metadata_${name}_total`, help, labelNames: ["sink", "tenant"] as const, registers });
    this.#families = {
      sent: families("sent", "Metric families whose metadata the store has taken, each time it has."),
      refused: families("refused", "Metric families whose metadata the store refuses."),
      unreadable: families("unreadable", "Metric families whose metadata in Redis is damaged or of a later version."),
    };
    this.#failures = new Counter({
      name: "horizon_metadata_failures_total",
      help: "Times that sending metadata on ended early, because the store or Redis did not answer.",
      labelNames: ["sink"] as const,
      registers,
    });
    for (const sink of sinks) {
      this.#failures.inc({ sink }, 0);
    }
  }

  countForwarded(sink: SinkName, tenant: string, { sent, refused, unreadable }: ForwardedMetadata): void {
    this.#families.sent.inc({ sink, tenant }, sent);
    this.#families.refused.inc({ sink, tenant }, refused);
    this.#families.unreadable.inc({ sink, tenant }, unreadable);
  }

  countFailure(sink: SinkName): void {
    this.#failures.inc({ sink });
  }
}
