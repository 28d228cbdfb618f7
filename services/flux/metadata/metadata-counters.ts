import { Counter, type Registry } from "prom-client";
import { METADATA_DROPS, type MetadataDrop } from "../reasons.ts";

/** What became of the metadata of a request, in entries. `received = stored + all dropped`. */
export interface MetadataTally {
  readonly received: number;
  /** Entries that Redis holds; one that it held already is not written again. */
  readonly stored: number;
  readonly dropped: Readonly<Record<MetadataDrop, number>>;
}

/** The counters of metadata. Tenants are label values here: the caller bounds them. */
export class MetadataCounters {
  readonly #received: Counter<"tenant">;
  readonly #stored: Counter<"tenant">;
  readonly #dropped: Counter<"tenant" | "reason">;
  readonly #failures: Counter;

  constructor(registers: Registry[]) {
    const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
      new Counter({ name: `flux_metadata_${name}_total`, help, labelNames, registers });
    this.#received = counter("received", "Metadata entries in requests that could be decoded.", ["tenant"]);
    this.#stored = counter("stored", "Metadata entries that are in Redis, those included that were there before.", [
      "tenant",
    ]);
    this.#dropped = counter("dropped", "Metadata entries that are not kept. The request is none the worse for it.", [
      "tenant",
      "reason",
    ]);
    this.#failures = counter("failures", "Times that Redis did not give or take metadata.", []);
  }

  beginAtZero(tenant: string): void {
    this.#received.inc({ tenant }, 0);
    this.#stored.inc({ tenant }, 0);
    for (const reason of METADATA_DROPS) {
      this.#dropped.inc({ tenant, reason }, 0);
    }
  }

  count(tenant: string, { received, stored, dropped }: MetadataTally): void {
    this.#received.inc({ tenant }, received);
    this.#stored.inc({ tenant }, stored);
    for (const reason of METADATA_DROPS) {
      this.#dropped.inc({ tenant, reason }, dropped[reason]);
    }
  }

  countFailure(): void {
    this.#failures.inc();
  }
}
