import { Counter, type Registry } from "prom-client";
import { GatheredCounter } from "../gathered-counter.ts";
import { METADATA_DROPS, type MetadataDrop } from "../reasons.ts";

/** What became of the metadata of a request, in entries. `received = stored + all dropped`. */
export interface MetadataTally {
  readonly received: number;
  /** Entries that Redis holds; one that it held already is not written again. */
  readonly stored: number;
  readonly dropped: Readonly<Record<MetadataDrop, number>>;
}

/** The counts of one tenant. */
export interface MetadataCounts {
  count(tally: MetadataTally): void;
}

/** The counters of metadata. Tenants are label values here: the caller bounds them. */
export class MetadataCounters {
  readonly #received: GatheredCounter<"tenant">;
  readonly #stored: GatheredCounter<"tenant">;
  readonly #dropped: GatheredCounter<"tenant" | "reason">;
  readonly #failures: Counter;

  constructor(registers: Registry[]) {
    const counter = <Label extends string>(what: string, help: string, labelNames: Label[]) =>
      new GatheredCounter({ name: nameOf(what), help, labelNames, registers });
    this.#received = counter("received", "Metadata entries in requests that could be decoded.", ["tenant"]);
    this.#stored = counter("stored", "Metadata entries that are in Redis, those included that were there before.", [
      "tenant",
    ]);
    this.#dropped = counter("dropped", "Metadata entries that are not kept. The request is none the worse for it.", [
      "tenant",
      "reason",
    ]);
    const help = "Times that Redis did not give or take metadata.";
    this.#failures = new Counter({ name: nameOf("failures"), help, registers });
  }

  /** The counts of a tenant, to be asked for once: they are shown from now on, from zero. */
  of(tenant: string): MetadataCounts {
    const receivedHere = this.#received.of({ tenant });
    const storedHere = this.#stored.of({ tenant });
    const droppedHere = METADATA_DROPS.map((reason) => ({ reason, tally: this.#dropped.of({ tenant, reason }) }));
    return {
      count: ({ received, stored, dropped }) => {
        receivedHere.count += received;
        storedHere.count += stored;
        for (const { reason, tally } of droppedHere) {
          tally.count += dropped[reason];
        }
      },
    };
  }

  countFailure(): void {
    this.#failures.inc();
  }
}

function nameOf(what: string): string {
  return `flux_metadata_${what}_total`;
}
