import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { addProcessMetrics } from "../shared/process-metrics.ts";
import type { SinkName } from "./claim-state.ts";
import type { CycleReport } from "./cycle.ts";
import { DEAD_BLOCK_REASONS, DEAD_REASONS, type DeadBlockReason, SKIP_REASONS } from "./reasons.ts";
import { entriesOf, type Tally } from "./tally.ts";

/** How a delivery ended. `again`: a store that was restarted gets a claim once more. */
export const DELIVERY_OUTCOMES = ["delivered", "again", "retry", "failed"] as const;
export type DeliveryOutcome = (typeof DELIVERY_OUTCOMES)[number];

const CYCLE_BUCKETS_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300];

/**
 * Horizon's own metrics. For every sink and tenant, at any time, in samples:
 * claimed = written + skipped (all reasons) + dead (all reasons).
 */
export class HorizonMetrics {
  readonly #claimed: Counter<"sink" | "tenant">;
  readonly #written: Counter<"sink" | "tenant">;
  readonly #skipped: Counter<"sink" | "tenant" | "reason">;
  readonly #dead: Counter<"sink" | "tenant" | "reason">;
  readonly #blocksClaimed: Counter;
  readonly #blocksParked: Counter;
  readonly #blocksDead: Counter<"reason">;
  readonly #deliveries: Counter<"sink" | "outcome">;
  readonly #leasesLost: Counter;
  readonly #cyclesFailed: Counter;
  readonly #duration: Histogram;
  readonly #pending: Gauge<"sink">;
  readonly #sinkUp: Gauge<"sink">;
  readonly #bufferBytes: Gauge;
  readonly #parked: Gauge;
  readonly #lastCycle: Gauge;
  readonly #rowsIgnored: Gauge<"reason">;
  readonly #seen = new Set<string>();
  readonly #oldestPendingMs = new Map<SinkName, number | undefined>();

  /** @param now ms since 1970, read at every scrape. */
  constructor(registry: Registry, sinks: readonly SinkName[], now: () => number) {
    const registers = [registry];
    const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
      new Counter({ name, help, labelNames, registers });
    const gauge = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
      new Gauge({ name, help, labelNames, registers });
    const samples = (what: string) => `Samples ${what}, counted when the sink has confirmed their claim.`;
    this.#claimed = counter("horizon_samples_claimed_total", samples("taken from the buffer"), ["sink", "tenant"]);
    this.#written = counter("horizon_samples_written_total", samples("that the sink holds"), ["sink", "tenant"]);
    const byReason: ("sink" | "tenant" | "reason")[] = ["sink", "tenant", "reason"];
    this.#skipped = counter("horizon_samples_skipped_total", samples("that the sink does not hold"), byReason);
    this.#dead = counter("horizon_samples_dead_total", samples("in the dead letters"), byReason);
    this.#blocksClaimed = counter(
      "horizon_blocks_claimed_total",
      "Blocks taken from the buffer, each time they are.",
      [],
    );
    this.#blocksParked = counter("horizon_blocks_parked_total", "Blocks parked because a series is unknown.", []);
    this.#blocksDead = counter("horizon_blocks_dead_total", "Blocks moved to the dead letters.", ["reason"]);
    this.#deliveries = counter("horizon_deliveries_total", "Claims delivered, or not.", ["sink", "outcome"]);
    this.#leasesLost = counter("horizon_leases_lost_total", "Cycles ended because another instance took over.", []);
    this.#cyclesFailed = counter("horizon_cycles_failed_total", "Cycles ended by a fault, mostly of Redis.", []);
    this.#duration = new Histogram({
      name: "horizon_cycle_duration_seconds",
      help: "How long a cycle over one shard takes.",
      buckets: CYCLE_BUCKETS_SECONDS,
      registers,
    });
    this.#pending = gauge("horizon_claims_pending", "Claims that the sink has not confirmed.", ["sink"]);
    this.#sinkUp = gauge("horizon_sink_up", "1 when the sink did all that the last cycle asked, else 0.", ["sink"]);
    this.#bufferBytes = gauge("horizon_buffer_bytes", "Bytes of blocks in the buffer.", []);
    this.#parked = gauge("horizon_parked_blocks", "Blocks that wait for their series to become known.", []);
    this.#lastCycle = gauge("horizon_last_cycle_timestamp_seconds", "When the last cycle ended well.", []);
    this.#rowsIgnored = gauge(
      "horizon_victoriametrics_rows_ignored",
      "What VictoriaMetrics says it has ignored, of everything it was sent by anybody since it started.",
      ["reason"],
    );
    this.#addLag(registers, sinks, now);
    addProcessMetrics(registry);
    this.#beginAtZero(sinks);
  }

  /** Counts what became of the samples of a claim in one sink. Once for each claim and sink. */
  countTally(sink: SinkName, tally: Tally): void {
    for (const [tenant, { claimed, written, skipped, dead }] of tally) {
      this.#beginTenant(sink, tenant);
      this.#claimed.inc({ sink, tenant }, claimed);
      this.#written.inc({ sink, tenant }, written);
      for (const [reason, samples] of entriesOf(skipped)) {
        this.#skipped.inc({ sink, tenant, reason }, samples);
      }
      for (const [reason, samples] of entriesOf(dead)) {
        this.#dead.inc({ sink, tenant, reason }, samples);
      }
    }
  }

  countBlocks(blocks: number): void {
    this.#blocksClaimed.inc(blocks);
  }

  countParkedBlock(): void {
    this.#blocksParked.inc();
  }

  countDeadBlock(reason: DeadBlockReason): void {
    this.#blocksDead.inc({ reason });
  }

  countDelivery(sink: SinkName, outcome: DeliveryOutcome): void {
    this.#deliveries.inc({ sink, outcome });
  }

  countLostLease(): void {
    this.#leasesLost.inc();
  }

  countFailedCycle(): void {
    this.#cyclesFailed.inc();
  }

  observeCycle(seconds: number): void {
    this.#duration.observe(seconds);
  }

  setSinkUp(sink: SinkName, isUp: boolean): void {
    this.#sinkUp.set({ sink }, isUp ? 1 : 0);
  }

  /** What VictoriaMetrics says of itself, by its own reasons. */
  setIgnoredRows(rows: ReadonlyMap<string, number>): void {
    for (const [reason, count] of rows) {
      this.#rowsIgnored.set({ reason }, count);
    }
  }

  /** Shows the state that a round over all shards has left. */
  showRound(reports: readonly CycleReport[], sinks: readonly SinkName[], nowMs: number): void {
    this.#lastCycle.set(nowMs / 1000);
    this.#bufferBytes.set(reports.reduce((sum, { bufferBytes }) => sum + bufferBytes, 0));
    this.#parked.set(reports.reduce((sum, { parkedBlocks }) => sum + parkedBlocks, 0));
    const claims = reports.flatMap(({ remaining }) => remaining);
    for (const sink of sinks) {
      const waiting = claims.filter((claim) => claim.sinks[sink]?.state !== "confirmed");
      this.#pending.set({ sink }, waiting.length);
      const oldestMs = Math.min(...waiting.map(({ claimedAtMs }) => claimedAtMs));
      this.#oldestPendingMs.set(sink, waiting.length > 0 ? oldestMs : undefined);
    }
  }

  #addLag(registers: Registry[], sinks: readonly SinkName[], now: () => number): void {
    const oldestPendingMs = this.#oldestPendingMs;
    new Gauge({
      name: "horizon_lag_seconds",
      help: "Age of the oldest claim that the sink has not confirmed; 0 when there is none.",
      labelNames: ["sink"],
      registers,
      collect() {
        for (const sink of sinks) {
          const sinceMs = oldestPendingMs.get(sink);
          this.set({ sink }, sinceMs === undefined ? 0 : Math.max(0, now() - sinceMs) / 1000);
        }
      },
    });
  }

  #beginAtZero(sinks: readonly SinkName[]): void {
    for (const reason of DEAD_BLOCK_REASONS) {
      this.#blocksDead.inc({ reason }, 0);
    }
    for (const sink of sinks) {
      this.#pending.set({ sink }, 0);
      this.#sinkUp.set({ sink }, 0);
      for (const outcome of DELIVERY_OUTCOMES) {
        this.#deliveries.inc({ sink, outcome }, 0);
      }
    }
  }

  /** A reason that has never occurred is 0 and not absent: alerts on increases need the first one too. */
  #beginTenant(sink: SinkName, tenant: string): void {
    if (this.#seen.has(`${sink} ${tenant}`)) {
      return;
    }
    this.#seen.add(`${sink} ${tenant}`);
    for (const reason of SKIP_REASONS) {
      this.#skipped.inc({ sink, tenant, reason }, 0);
    }
    for (const reason of DEAD_REASONS) {
      this.#dead.inc({ sink, tenant, reason }, 0);
    }
  }
}
