import { Counter, Gauge, type Registry } from "prom-client";
import { type Backlog, backlogOf } from "./backlog.ts";
import type { ClaimState, SinkName } from "./claim-state.ts";
import type { DeadLetterCounts } from "./claims.ts";
import type { CycleReport } from "./cycle.ts";
import type { HeldShard, ShardBoard } from "./shard-board.ts";

/** Where the state of the shards is read, at every scrape. */
export interface ShardMetricsOptions {
  readonly board: ShardBoard;
  readonly sinks: readonly SinkName[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Adds the metrics that show the state of the shards that this instance holds. A shard that it holds no more is gone
 * from them, so that over all instances every shard is there once.
 */
export function addShardMetrics(registry: Registry, options: ShardMetricsOptions): void {
  addShardCounts(registry, options);
  addClaimCounts(registry, options);
  addDeadLetterCounts(registry, options);
  addBacklogs(registry, options);
  addTimes(registry, options);
}

function addShardCounts(registry: Registry, { board }: ShardMetricsOptions): void {
  const sum = (of: (report: CycleReport) => number) => () =>
    board.held().reduce((total, { report }) => total + (report ? of(report) : 0), 0);
  const counts: [name: string, help: string, value: () => number][] = [
    ["horizon_shards_held", "Shards that this instance works.", () => board.held().length],
    ["horizon_buffer_bytes", "Bytes of blocks in the buffer.", sum(({ bufferBytes }) => bufferBytes)],
    [
      "horizon_parked_blocks",
      "Blocks that wait for their series to become known.",
      sum(({ parkedBlocks }) => parkedBlocks),
    ],
  ];
  for (const [name, help, value] of counts) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  }
}

function addClaimCounts(registry: Registry, { board, sinks }: ShardMetricsOptions): void {
  new Gauge({
    name: "horizon_claims_pending",
    help: "Claims that the sink has not confirmed.",
    labelNames: ["sink"],
    registers: [registry],
    collect() {
      for (const sink of sinks) {
        const pending = board.held().flatMap((held) => pendingClaims(held, sink));
        this.set({ sink }, pending.length);
      }
    },
  });
}

/** All three are what Redis says, so they go on where a shard goes from one instance to another. */
function addDeadLetterCounts(registry: Registry, { board }: ShardMetricsOptions): void {
  const common = { labelNames: ["shard"], registers: [registry] };
  const gauges: [name: string, help: string, of: keyof DeadLetterCounts][] = [
    ["horizon_dead_letters", "Dead letters in Redis.", "letters"],
    ["horizon_dead_letters_bytes", "Bytes of the dead letters in Redis.", "bytes"],
  ];
  for (const [name, help, of] of gauges) {
    new Gauge({
      ...{ name, help, ...common },
      collect() {
        this.reset();
        for (const { shard, deadLetters } of reportsOf(board)) {
          this.set({ shard }, deadLetters[of]);
        }
      },
    });
  }
  new Counter({
    ...{ name: "horizon_dead_letters_evicted_total", help: "Dead letters pushed out by others.", ...common },
    collect() {
      this.reset();
      for (const { shard, deadLetters } of reportsOf(board)) {
        this.inc({ shard }, deadLetters.evicted);
      }
    },
  });
}

function reportsOf(board: ShardBoard): CycleReport[] {
  return board.held().flatMap(({ report }) => report ?? []);
}

function addBacklogs(registry: Registry, { board, sinks, now }: ShardMetricsOptions): void {
  const ageSeconds = ({ sinceMs }: Backlog) => (sinceMs === undefined ? 0 : Math.max(0, now() - sinceMs) / 1000);
  const numbers: [name: string, help: string, of: (backlog: Backlog) => number][] = [
    ["horizon_backlog_claims", "Claims of which the sink has not taken all.", ({ claims }) => claims],
    ["horizon_backlog_bytes", "Bytes of their blocks.", ({ bytes }) => bytes],
    ["horizon_backlog_age_seconds", "Age of the oldest of them; 0 when there is none.", ageSeconds],
  ];
  for (const [name, help, of] of numbers) {
    new Gauge({
      name,
      help,
      labelNames: ["shard", "sink"],
      registers: [registry],
      collect() {
        this.reset();
        for (const { shard, report } of board.held()) {
          for (const sink of report ? sinks : []) {
            this.set({ shard, sink }, of(backlogOf(report?.remaining ?? [], sink)));
          }
        }
      },
    });
  }
}

function addTimes(registry: Registry, { board, sinks, now }: ShardMetricsOptions): void {
  new Gauge({
    name: "horizon_lag_seconds",
    help: "Age of the oldest claim that the sink has not confirmed; 0 when there is none.",
    labelNames: ["shard", "sink"],
    registers: [registry],
    collect() {
      this.reset();
      for (const held of board.held()) {
        for (const sink of held.report ? sinks : []) {
          const sinceMs = Math.min(now(), ...pendingClaims(held, sink).map(({ claimedAtMs }) => claimedAtMs));
          this.set({ shard: held.shard, sink }, (now() - sinceMs) / 1000);
        }
      }
    },
  });
  new Gauge({
    name: "horizon_last_cycle_timestamp_seconds",
    help: "When the last cycle over the shard ended well; before the first, when the shard was taken.",
    labelNames: ["shard"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { shard, sinceMs, lastGoodMs } of board.held()) {
        this.set({ shard }, (lastGoodMs ?? sinceMs) / 1000);
      }
    },
  });
}

/** The claims that a sink had yet to confirm when the last cycle ended, oldest first. */
export function pendingClaims({ report }: HeldShard, sink: SinkName): ClaimState[] {
  return (report?.remaining ?? []).filter(({ sinks }) => sinks[sink]?.state !== "confirmed");
}
