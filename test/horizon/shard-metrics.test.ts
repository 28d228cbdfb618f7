import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import type { ClaimState } from "../../services/horizon/claim-state.ts";
import type { CycleReport } from "../../services/horizon/cycle.ts";
import { ShardBoard } from "../../services/horizon/shard-board.ts";
import { addShardMetrics } from "../../services/horizon/shard-metrics.ts";
import { Tally } from "../../services/horizon/tally.ts";

const confirmed = { state: "confirmed", tally: new Tally() } as const;
const claim = (claimedAtMs: number, sinks: ClaimState["sinks"]): ClaimState => ({
  ...{ id: `c${claimedAtMs}`, claimedAtMs, bytes: 1, oldestGeneration: 1, sinks },
});
const deadLetters = { letters: 4, bytes: 5000, evicted: 6 };
const report = (shard: number, remaining: readonly ClaimState[]): CycleReport => ({
  ...{ shard, sinks: {}, finished: 0, parkedBlocks: 3, bufferBytes: 7, deadLetters, remaining, phaseSeconds: {} },
});

function create() {
  const registry = new Registry();
  const board = new ShardBoard();
  const clock = { nowMs: 100_000 };
  addShardMetrics(registry, { board, sinks: ["timeseries", "victoriametrics"], now: () => clock.nowMs });
  const lines = async () => (await registry.metrics()).split("\n").filter((line) => line && !line.startsWith("#"));
  return { board, clock, lines };
}

test("the lag is the age of the oldest claim that a sink has not confirmed, per shard, and grows between cycles", async () => {
  const { board, clock, lines } = create();
  board.take(0, 20_000);
  board.take(4, 30_000);
  board.note(report(0, [claim(40_000, { timeseries: confirmed }), claim(90_000, {})]), 99_000);
  assert.deepEqual(await lines(), [
    "horizon_shards_held 2",
    "horizon_buffer_bytes 7",
    "horizon_parked_blocks 3",
    'horizon_claims_pending{sink="timeseries"} 1',
    'horizon_claims_pending{sink="victoriametrics"} 2',
    'horizon_dead_letters{shard="0"} 4',
    'horizon_dead_letters_bytes{shard="0"} 5000',
    'horizon_dead_letters_evicted_total{shard="0"} 6',
    'horizon_backlog_claims{shard="0",sink="timeseries"} 1',
    'horizon_backlog_claims{shard="0",sink="victoriametrics"} 2',
    'horizon_backlog_bytes{shard="0",sink="timeseries"} 1',
    'horizon_backlog_bytes{shard="0",sink="victoriametrics"} 2',
    'horizon_backlog_age_seconds{shard="0",sink="timeseries"} 10',
    'horizon_backlog_age_seconds{shard="0",sink="victoriametrics"} 60',
    'horizon_lag_seconds{shard="0",sink="timeseries"} 10',
    'horizon_lag_seconds{shard="0",sink="victoriametrics"} 60',
    'horizon_last_cycle_timestamp_seconds{shard="0"} 99',
    'horizon_last_cycle_timestamp_seconds{shard="4"} 30',
  ]);
  clock.nowMs += 5000;
  assert.ok((await lines()).includes('horizon_lag_seconds{shard="0",sink="victoriametrics"} 65'));
  board.note(report(4, []), 100_000);
  assert.ok((await lines()).includes('horizon_lag_seconds{shard="4",sink="victoriametrics"} 0'));
  assert.ok((await lines()).includes("horizon_buffer_bytes 14"));
});

test("what a sink has taken and may still forget is no backlog", async () => {
  const { board, lines } = create();
  board.take(0, 20_000);
  board.note(report(0, [claim(40_000, { victoriametrics: { ...confirmed, state: "delivered" } })]), 99_000);
  const text = await lines();
  assert.ok(text.includes('horizon_lag_seconds{shard="0",sink="victoriametrics"} 60'));
  assert.ok(text.includes('horizon_backlog_age_seconds{shard="0",sink="victoriametrics"} 0'));
  assert.ok(text.includes('horizon_backlog_claims{shard="0",sink="timeseries"} 1'));
});

test("a shard that is given back is in no metric any more", async () => {
  const { board, lines } = create();
  board.take(0, 20_000);
  board.note(report(0, [claim(40_000, {})]), 99_000);
  board.drop(0);
  board.note(report(0, [claim(40_000, {})]), 99_500);
  assert.deepEqual(await lines(), [
    "horizon_shards_held 0",
    "horizon_buffer_bytes 0",
    "horizon_parked_blocks 0",
    'horizon_claims_pending{sink="timeseries"} 0',
    'horizon_claims_pending{sink="victoriametrics"} 0',
  ]);
});
