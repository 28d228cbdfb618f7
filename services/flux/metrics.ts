import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { BlockOwner } from "../shared/block.ts";
import { addProcessMetrics } from "../shared/process-metrics.ts";
import type { Commit } from "./buffer-writer.ts";
import type { Payload } from "./formats/payload.ts";
import type { Intake } from "./intake/intake.ts";
import { MetadataCounters, type MetadataTally } from "./metadata/metadata-counters.ts";
import { PlaceGauges, type Places } from "./place-gauges.ts";
import {
  BUFFER_REFUSALS,
  type BufferRefusal,
  DROP_REASONS,
  PART_REFUSALS,
  REQUEST_REFUSALS,
  type RefusalCode,
  type RequestRefusal,
  SERIES_REFUSALS,
} from "./reasons.ts";

/** Tenants beyond this many share one label value, so that a key that may write for any tenant cannot fill memory. */
const MAX_TENANTS = 10_000;
const OTHER_TENANTS = "_other";

const LATENCY_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What happened to the kept samples of a request. */
export type StoreOutcome = "stored" | BufferRefusal;

/**
 * Flux's own metrics. For every tenant, at any time:
 * received = stored + dropped (all reasons) + refused (all reasons), in samples.
 */
export class FluxMetrics {
  readonly #tenants = new Set<string>();
  readonly #received: Counter<"tenant">;
  readonly #stored: Counter<"tenant">;
  readonly #dropped: Counter<"tenant" | "reason">;
  readonly #refused: Counter<"tenant" | "reason">;
  readonly #merged: Counter<"tenant">;
  readonly #exemplars: Counter<"tenant">;
  readonly #metadata: MetadataCounters;
  readonly #skippedStrings: Counter<"tenant">;
  readonly #joinedTags: Counter<"tenant">;
  readonly #requests: Counter<"status">;
  readonly #requestRefusals: Counter<"reason">;
  readonly #limited: Counter<"tenant" | "reason">;
  readonly #duration: Histogram;
  readonly #bodyBytes: Counter;
  readonly #blockBytes: Counter;
  readonly #registered: Counter;
  readonly #events: Counter<"event">;
  readonly #places: Places;

  /** @param seriesTableSize read at every scrape. @param places who shows them; by default, this registry. */
  constructor(registry: Registry, seriesTableSize: () => number, places?: Places) {
    const registers = [registry];
    const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
      new Counter({ name, help, labelNames, registers });
    this.#received = counter("flux_samples_received_total", "Samples in requests that could be decoded.", ["tenant"]);
    this.#stored = counter("flux_samples_stored_total", "Samples that Redis has confirmed.", ["tenant"]);
    this.#dropped = counter("flux_samples_dropped_total", "Samples dropped because a rule says so.", [
      "tenant",
      "reason",
    ]);
    this.#refused = counter("flux_samples_refused_total", "Samples not stored, which the sender was told.", [
      "tenant",
      "reason",
    ]);
    this.#merged = counter("flux_series_merged_total", "Label sets that a dropLabels rule made equal to another's.", [
      "tenant",
    ]);
    this.#exemplars = counter("flux_exemplars_dropped_total", "Exemplars received; they are not kept yet.", ["tenant"]);
    this.#metadata = new MetadataCounters(registers);
    ({ skippedStrings: this.#skippedStrings, joinedTags: this.#joinedTags } = influxCounters(registers));
    const requests = requestMetrics(registers);
    this.#requests = requests.answered;
    this.#requestRefusals = requests.refused;
    this.#limited = requests.limited;
    this.#bodyBytes = requests.bodyBytes;
    this.#duration = requests.duration;
    this.#blockBytes = counter(
      "flux_block_bytes_total",
      "Bytes of blocks, or members of Skyline's set, written to Redis.",
      [],
    );
    this.#registered = counter("flux_series_registered_total", "Series written to the registry.", []);
    this.#places = places ?? new PlaceGauges(registers);
    this.#events = counter("flux_registry_events_total", "Epoch changes and series id collisions.", ["event"]);
    new Gauge({
      name: "flux_series_table_size",
      help: "Series whose verdict is remembered.",
      registers,
      collect() {
        this.set(seriesTableSize());
      },
    });
    addProcessMetrics(registry);
    ["epoch_changed", "id_collision"].forEach((event) => {
      this.#events.inc({ event }, 0);
    });
  }

  /** Counts a decoded request: every sample of it once under received and once under what became of it. */
  countIntake(tenantId: string, payload: Payload, intake: Intake, outcome: StoreOutcome): void {
    const { invalid, skippedStringFields = 0, joinedTags = 0 } = payload;
    const tenant = this.#tenantLabel(tenantId);
    this.#received.inc({ tenant }, intake.received + invalid.length);
    this.#refused.inc({ tenant, reason: "unreadable" }, invalid.length);
    for (const [reason, samples] of intake.dropped) {
      this.#dropped.inc({ tenant, reason }, samples);
    }
    for (const [reason, samples] of intake.refused) {
      this.#refused.inc({ tenant, reason }, samples);
    }
    const kept = intake.kept.series.length;
    if (outcome === "stored") {
      this.#stored.inc({ tenant }, kept);
    } else {
      this.#refused.inc({ tenant, reason: outcome }, kept);
    }
    this.#merged.inc({ tenant }, intake.mergedSeries);
    this.#exemplars.inc({ tenant }, intake.exemplars);
    this.#skippedStrings.inc({ tenant }, skippedStringFields);
    this.#joinedTags.inc({ tenant }, joinedTags);
  }

  countMetadata(tenantId: string, tally: MetadataTally): void {
    this.#metadata.count(this.#tenantLabel(tenantId), tally);
  }

  /** Counts that Redis did not give or take metadata. */
  countMetadataFailure(): void {
    this.#metadata.countFailure();
  }

  countBody(bytes: number): void {
    this.#bodyBytes.inc(bytes);
  }

  countCommit({ registeredSeries, blockBytes, admission }: Extract<Commit, { ok: true }>, owner: BlockOwner): void {
    this.#registered.inc(registeredSeries);
    this.#blockBytes.inc(blockBytes);
    if (admission && this.#tenantLabel(owner.tenant) === owner.tenant) {
      this.#places.note(owner, admission);
    }
  }

  /** Limits and quotas have changed. */
  forgetPlaces(): void {
    this.#places.reset();
  }

  countRegistryEvent(event: "epoch_changed" | "id_collision"): void {
    this.#events.inc({ event });
  }

  countRequestRefusal(reason: RequestRefusal): void {
    this.#requestRefusals.inc({ reason });
  }

  /** Counts a request that is over its sender's rate, for its tenant; it is counted as a refused request as well. */
  countLimited(tenantId: string, reason: RefusalCode): void {
    this.#limited.inc({ tenant: this.#tenantLabel(tenantId), reason });
  }

  countAnswer(status: number, seconds: number): void {
    this.#requests.inc({ status: String(status) });
    this.#duration.observe(seconds);
  }

  /** On first sight of a tenant, all its counters appear at zero, so that a first drop shows as an increase. */
  #tenantLabel(tenant: string): string {
    if (this.#tenants.has(tenant)) {
      return tenant;
    }
    const label = this.#tenants.size < MAX_TENANTS ? tenant : OTHER_TENANTS;
    if (label === tenant) {
      this.#tenants.add(tenant);
    }
    const plain = [this.#received, this.#stored, this.#merged, this.#exemplars];
    for (const counter of [...plain, this.#skippedStrings, this.#joinedTags]) {
      counter.inc({ tenant: label }, 0);
    }
    this.#metadata.beginAtZero(label);
    for (const reason of DROP_REASONS) {
      this.#dropped.inc({ tenant: label, reason }, 0);
    }
    for (const reason of [...PART_REFUSALS, ...SERIES_REFUSALS, ...BUFFER_REFUSALS]) {
      this.#refused.inc({ tenant: label, reason }, 0);
    }
    return label;
  }
}

/** What is counted of requests, whatever they hold. */
function requestMetrics(registers: Registry[]) {
  const refused = new Counter({
    name: "flux_requests_refused_total",
    help: "Requests refused before their samples were known.",
    labelNames: ["reason"],
    registers,
  });
  REQUEST_REFUSALS.forEach((reason) => {
    refused.inc({ reason }, 0);
  });
  return {
    refused,
    answered: new Counter({
      name: "flux_requests_total",
      help: "Requests to write, by the status of the answer.",
      labelNames: ["status"],
      registers,
    }),
    limited: new Counter({
      name: "flux_requests_limited_total",
      help: "Requests refused because of their sender's limits.",
      labelNames: ["tenant", "reason"],
      registers,
    }),
    bodyBytes: new Counter({ name: "flux_body_bytes_total", help: "Bytes of request bodies, as received.", registers }),
    duration: new Histogram({
      name: "flux_request_duration_seconds",
      help: "Time from the headers of a request to write to its answer.",
      buckets: LATENCY_BUCKETS_SECONDS,
      registers,
    }),
  };
}

/** What line protocol loses on its way to Prometheus' model, although nothing is wrong with it. */
function influxCounters(registers: Registry[]): { skippedStrings: Counter<"tenant">; joinedTags: Counter<"tenant"> } {
  const labelNames = ["tenant"] as const;
  return {
    skippedStrings: new Counter({
      name: "flux_influx_string_fields_skipped_total",
      help: "Fields of line protocol that are strings, which are no samples.",
      labelNames,
      registers,
    }),
    joinedTags: new Counter({
      name: "flux_influx_tags_joined_total",
      help: "Tags of line protocol joined to another one whose name came out as the same label.",
      labelNames,
      registers,
    }),
  };
}
