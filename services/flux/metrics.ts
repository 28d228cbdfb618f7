import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { BlockOwner } from "../shared/block.ts";
import { addProcessMetrics } from "../shared/process-metrics.ts";
import type { Commit } from "./buffer-writer.ts";
import type { Payload } from "./formats/payload.ts";
import { GatheredCounter, type Tally } from "./gathered-counter.ts";
import type { Intake } from "./intake/intake.ts";
import type { MetadataTally } from "./metadata/metadata-counters.ts";
import { PlaceGauges, type Places } from "./place-gauges.ts";
import { type BufferRefusal, REQUEST_REFUSALS, type RefusalCode, type RequestRefusal } from "./reasons.ts";
import { TenantCounters } from "./tenant-counters.ts";

const LATENCY_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What happened to the kept samples of a request. */
export type StoreOutcome = "stored" | BufferRefusal;

/**
 * Flux's own metrics. For every tenant, at any time:
 * received = stored + dropped (all reasons) + refused (all reasons), in samples.
 */
export class FluxMetrics {
  readonly #tenants: TenantCounters;
  readonly #requests: GatheredCounter<"status">;
  /** By status. */
  readonly #answers = new Map<number, Tally>();
  readonly #requestRefusals: Counter<"reason">;
  readonly #limited: Counter<"tenant" | "reason">;
  readonly #duration: Histogram;
  readonly #bodyBytes: Tally;
  readonly #blockBytes: Tally;
  readonly #registered: Tally;
  readonly #events: Counter<"event">;
  readonly #places: Places;

  /** @param seriesTableSize read at every scrape. @param places who shows them; by default, this registry. */
  constructor(registry: Registry, seriesTableSize: () => number, places?: Places) {
    const registers = [registry];
    const total = (name: string, help: string) => new GatheredCounter({ name, help, labelNames: [], registers }).of({});
    this.#tenants = new TenantCounters(registers);
    const requests = requestMetrics(registers);
    this.#requests = requests.answered;
    this.#requestRefusals = requests.refused;
    this.#limited = requests.limited;
    this.#duration = requests.duration;
    this.#bodyBytes = total("flux_body_bytes_total", "Bytes of request bodies, as received.");
    this.#blockBytes = total(
      "flux_block_bytes_total",
      "Bytes of blocks, or members of Skyline's set, written to Redis.",
    );
    this.#registered = total("flux_series_registered_total", "Series written to the registry.");
    this.#places = places ?? new PlaceGauges(registers);
    this.#events = new Counter({
      name: "flux_registry_events_total",
      help: "Epoch changes and series id collisions.",
      labelNames: ["event"],
      registers,
    });
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
    const counts = this.#tenants.of(tenantId);
    counts.received.count += intake.received + invalid.length;
    if (invalid.length > 0) {
      add(counts.refused, "unreadable", invalid.length);
    }
    for (const [reason, samples] of intake.dropped) {
      add(counts.dropped, reason, samples);
    }
    for (const [reason, samples] of intake.refused) {
      add(counts.refused, reason, samples);
    }
    const kept = intake.kept.series.length;
    if (outcome === "stored") {
      counts.stored.count += kept;
    } else {
      add(counts.refused, outcome, kept);
    }
    counts.merged.count += intake.mergedSeries;
    counts.exemplars.count += intake.exemplars;
    counts.skippedStrings.count += skippedStringFields;
    counts.joinedTags.count += joinedTags;
  }

  countMetadata(tenantId: string, tally: MetadataTally): void {
    this.#tenants.of(tenantId).metadata.count(tally);
  }

  /** Counts that Redis did not give or take metadata. */
  countMetadataFailure(): void {
    this.#tenants.countMetadataFailure();
  }

  countBody(bytes: number): void {
    this.#bodyBytes.count += bytes;
  }

  countCommit({ registeredSeries, blockBytes, admission }: Extract<Commit, { ok: true }>, owner: BlockOwner): void {
    this.#registered.count += registeredSeries;
    this.#blockBytes.count += blockBytes;
    if (admission && this.#tenants.of(owner.tenant).label === owner.tenant) {
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
    this.#limited.inc({ tenant: this.#tenants.of(tenantId).label, reason });
  }

  countAnswer(status: number, seconds: number): void {
    this.#answersWith(status).count++;
    this.#duration.observe(seconds);
  }

  #answersWith(status: number): Tally {
    const known = this.#answers.get(status);
    if (known) {
      return known;
    }
    const tally = this.#requests.of({ status: String(status) });
    this.#answers.set(status, tally);
    return tally;
  }
}

/** @throws when the counter does not know the reason: nothing may go uncounted. */
function add<Reason extends string>(tallies: ReadonlyMap<Reason, Tally>, reason: Reason, samples: number): void {
  const tally = tallies.get(reason);
  if (!tally) {
    throw new Error(`cannot count samples under the reason ${reason}: it is not in the list of reasons`);
  }
  tally.count += samples;
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
    answered: new GatheredCounter({
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
    duration: new Histogram({
      name: "flux_request_duration_seconds",
      help: "Time from the headers of a request to write to its answer.",
      buckets: LATENCY_BUCKETS_SECONDS,
      registers,
    }),
  };
}
