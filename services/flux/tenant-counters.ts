import type { Registry } from "prom-client";
import { GatheredCounter, type GatheredCounterOptions, type Tally } from "./gathered-counter.ts";
import { MetadataCounters, type MetadataCounts } from "./metadata/metadata-counters.ts";
import { BUFFER_REFUSALS, DROP_REASONS, type DropReason, PART_REFUSALS, SERIES_REFUSALS } from "./reasons.ts";

const SAMPLE_REFUSALS = [...PART_REFUSALS, ...SERIES_REFUSALS, ...BUFFER_REFUSALS] as const;
type SampleRefusal = (typeof SAMPLE_REFUSALS)[number];

/** What is counted of one tenant, in samples unless said otherwise. */
export interface TenantCounts {
  /** The label value: its name, or that of all tenants beyond those that are told apart. */
  readonly label: string;
  readonly received: Tally;
  readonly stored: Tally;
  readonly dropped: ReadonlyMap<DropReason, Tally>;
  readonly refused: ReadonlyMap<SampleRefusal, Tally>;
  /** Label sets. */
  readonly merged: Tally;
  readonly exemplars: Tally;
  /** Fields and tags of line protocol. */
  readonly skippedStrings: Tally;
  readonly joinedTags: Tally;
  readonly metadata: MetadataCounts;
}

/** Tenants beyond this many share one label value, so that a key that may write for any tenant cannot fill memory. */
const MAX_TENANTS = 10_000;
const OTHER_TENANTS = "_other";

/** The counters with a label for the tenant. Each tenant's are looked up once a request. */
export class TenantCounters {
  readonly #tenants = new Map<string, TenantCounts>();
  #others: TenantCounts | undefined;
  readonly #counters: ReturnType<typeof createCounters>;

  constructor(registers: Registry[]) {
    this.#counters = createCounters(registers);
  }

  /** What is counted of a tenant. On first sight all of it appears at zero, so that a first drop shows as an increase. */
  of(tenant: string): TenantCounts {
    const known = this.#tenants.get(tenant);
    if (known) {
      return known;
    }
    if (this.#tenants.size >= MAX_TENANTS) {
      this.#others ??= this.#begin(OTHER_TENANTS);
      return this.#others;
    }
    const counts = this.#begin(tenant);
    this.#tenants.set(tenant, counts);
    return counts;
  }

  /** Counts that Redis did not give or take metadata. */
  countMetadataFailure(): void {
    this.#counters.metadata.countFailure();
  }

  #begin(tenant: string): TenantCounts {
    const { metadata, dropped, refused, ...plain } = this.#counters;
    return {
      label: tenant,
      received: plain.received.of({ tenant }),
      stored: plain.stored.of({ tenant }),
      dropped: new Map(DROP_REASONS.map((reason) => [reason, dropped.of({ tenant, reason })])),
      refused: new Map(SAMPLE_REFUSALS.map((reason) => [reason, refused.of({ tenant, reason })])),
      merged: plain.merged.of({ tenant }),
      exemplars: plain.exemplars.of({ tenant }),
      skippedStrings: plain.skippedStrings.of({ tenant }),
      joinedTags: plain.joinedTags.of({ tenant }),
      metadata: metadata.of(tenant),
    };
  }
}

function createCounters(registers: Registry[]) {
  const counter = <Label extends string>(
    name: string,
    help: string,
    labelNames: GatheredCounterOptions<Label>["labelNames"],
  ) => new GatheredCounter({ name, help, labelNames, registers });
  return {
    received: counter("flux_samples_received_total", "Samples in requests that could be decoded.", ["tenant"]),
    stored: counter("flux_samples_stored_total", "Samples that Redis has confirmed.", ["tenant"]),
    dropped: counter("flux_samples_dropped_total", "Samples dropped because a rule says so.", ["tenant", "reason"]),
    refused: counter("flux_samples_refused_total", "Samples not stored, which the sender was told.", [
      "tenant",
      "reason",
    ]),
    merged: counter("flux_series_merged_total", "Label sets that a dropLabels rule made equal to another's.", [
      "tenant",
    ]),
    exemplars: counter("flux_exemplars_dropped_total", "Exemplars received; they are not kept yet.", ["tenant"]),
    metadata: new MetadataCounters(registers),
    // What line protocol loses on its way to Prometheus' model, although nothing is wrong with it.
    skippedStrings: counter(
      "flux_influx_string_fields_skipped_total",
      "Fields of line protocol that are strings, which are no samples.",
      ["tenant"],
    ),
    joinedTags: counter(
      "flux_influx_tags_joined_total",
      "Tags of line protocol joined to another one whose name came out as the same label.",
      ["tenant"],
    ),
  };
}
