import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { addProcessMetrics } from "../shared/process-metrics.ts";
import type { SinkName } from "./claim-state.ts";
import type { Phase } from "./phase-times.ts";
import { DEAD_BLOCK_REASONS, DEAD_REASONS, type DeadBlockReason, SKIP_REASONS } from "./reasons.ts";
import { entriesOf, type Tally } from "./tally.ts";

/**
 * How a delivery ended. `again`: a store that was restarted gets a claim once more. `discarded`: it never gets the
 * claim, because its backlog was over its cap.
 */
export const DELIVERY_OUTCOMES = ["delivered", "again", "retry", "failed", "discarded"] as const;
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
  readonly #skippedByEntry: Counter<"sink" | "tenant" | "entry">;
  readonly #dead: Counter<"sink" | "tenant" | "reason">;
  readonly #blocksClaimed: Counter;
  readonly #blocksParked: Counter;
  readonly #blocksDead: Counter<"reason">;
  readonly #deliveries: Counter<"sink" | "outcome">;
  readonly #leasesLost: Counter;
  readonly #takeovers: Counter;
  readonly #cyclesFailed: Counter;
  readonly #duration: Histogram;
  readonly #phases: Histogram<"phase" | "sink">;
  readonly #sinkUp: Gauge<"sink">;
  readonly #rowsIgnored: Gauge<"sink" | "reason">;
  readonly #seen = new Set<string>();

  constructor(registry: Registry, sinks: readonly SinkName[]) {
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
    this.#skippedByEntry = counter(
      "horizon_samples_skipped_by_entry_total",
      samples("skipped by an entry of the skip lists"),
      ["sink", "tenant", "entry"],
    );
    this.#dead = counter("horizon_samples_dead_total", samples("in the dead letters"), byReason);
    this.#blocksClaimed = counter(
      "horizon_blocks_claimed_total",
      "Blocks taken from the buffer, each time they are.",
      [],
    );
    this.#blocksParked = counter("horizon_blocks_parked_total", "Blocks parked because a series is unknown.", []);
    this.#blocksDead = counter("horizon_blocks_dead_total", "Blocks moved to the dead letters.", ["reason"]);
    this.#deliveries = counter("horizon_deliveries_total", "Claims delivered, or not.", ["sink", "outcome"]);
    this.#leasesLost = counter(
      "horizon_leases_lost_total",
      "Shards lost because their lease was not renewed in time.",
      [],
    );
    this.#takeovers = counter(
      "horizon_shard_takeovers_total",
      "Shards taken over from an instance that had not given them back.",
      [],
    );
    this.#cyclesFailed = counter("horizon_cycles_failed_total", "Cycles ended by a fault, mostly of Redis.", []);
    ({ cycle: this.#duration, phases: this.#phases } = durations(registers));
    this.#sinkUp = gauge("horizon_sink_up", "1 when the sink did all that the last cycle asked, else 0.", ["sink"]);
    this.#rowsIgnored = gauge(
      "horizon_victoriametrics_rows_ignored",
      "What VictoriaMetrics says it has ignored, of everything it was sent by anybody since it started.",
      ["sink", "reason"],
    );
    addProcessMetrics(registry);
    this.#beginAtZero(sinks);
  }

  /** Counts what became of the samples of a claim in one sink. Once for each claim and sink. */
  countTally(sink: SinkName, tally: Tally): void {
    for (const [tenant, { claimed, written, skipped, skippedByEntry, dead }] of tally) {
      this.#beginTenant(sink, tenant);
      this.#claimed.inc({ sink, tenant }, claimed);
      this.#written.inc({ sink, tenant }, written);
      for (const [reason, samples] of entriesOf(skipped)) {
        this.#skipped.inc({ sink, tenant, reason }, samples);
      }
      for (const [entry, samples] of skippedByEntry) {
        this.#skippedByEntry.inc({ sink, tenant, entry }, samples);
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

  countTakeover(): void {
    this.#takeovers.inc();
  }

  countFailedCycle(): void {
    this.#cyclesFailed.inc();
  }

  observeCycle(seconds: number): void {
    this.#duration.observe(seconds);
  }

  /** @param sink whose turn it was; undefined for what is done for all of them. */
  observePhases(seconds: Partial<Record<Phase, number>>, sink?: SinkName): void {
    for (const [phase, value] of Object.entries(seconds)) {
      this.#phases.observe({ phase, ...(sink !== undefined && { sink }) }, value);
    }
  }

  setSinkUp(sink: SinkName, isUp: boolean): void {
    this.#sinkUp.set({ sink }, isUp ? 1 : 0);
  }

  /** What VictoriaMetrics says of itself, by its own reasons. */
  setIgnoredRows(sink: SinkName, rows: ReadonlyMap<string, number>): void {
    for (const [reason, count] of rows) {
      this.#rowsIgnored.set({ sink, reason }, count);
    }
  }

  #beginAtZero(sinks: readonly SinkName[]): void {
    for (const reason of DEAD_BLOCK_REASONS) {
      this.#blocksDead.inc({ reason }, 0);
    }
    for (const sink of sinks) {
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

function durations(registers: Registry[]): { cycle: Histogram; phases: Histogram<"phase" | "sink"> } {
  const histogram = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Histogram({ name, help, labelNames, buckets: CYCLE_BUCKETS_SECONDS, registers });
  return {
    cycle: histogram("horizon_cycle_duration_seconds", "How long a cycle over one shard takes.", []),
    phases: histogram(
      "horizon_phase_duration_seconds",
      "How long a phase of a cycle takes, summed over its claims; for one sink where it names one.",
      ["phase", "sink"],
    ),
  };
}
