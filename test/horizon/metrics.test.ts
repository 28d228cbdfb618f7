import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import type { ClaimState } from "../../services/horizon/claim-state.ts";
import type { CycleReport } from "../../services/horizon/cycle.ts";
import { HorizonMetrics } from "../../services/horizon/metrics.ts";
import { DEAD_BLOCK_REASONS, DEAD_REASONS, SKIP_REASONS } from "../../services/horizon/reasons.ts";
import { Tally } from "../../services/horizon/tally.ts";

function create() {
  const registry = new Registry();
  const clock = { nowMs: 100_000 };
  const metrics = new HorizonMetrics(registry, ["timeseries", "victoriametrics"], () => clock.nowMs);
  const lines = async () => (await registry.metrics()).split("\n");
  return { metrics, clock, lines };
}

function small(): Tally {
  const tally = new Tally();
  tally.claim("t1", 5);
  tally.write("t1", 3);
  tally.skip("t1", "skip_list", 1);
  tally.bury("t1", "refused_by_store", 1);
  return tally;
}

test("samples are counted per sink and tenant, and every reason stands there from the first", async () => {
  const { metrics, lines } = create();
  metrics.countTally("timeseries", small());
  const text = await lines();
  const has = (line: string) => assert.ok(text.includes(line), line);
  has('horizon_samples_claimed_total{sink="timeseries",tenant="t1"} 5');
  has('horizon_samples_written_total{sink="timeseries",tenant="t1"} 3');
  const labels = (reason: string) => `{sink="timeseries",tenant="t1",reason="${reason}"}`;
  for (const reason of SKIP_REASONS) {
    has(`horizon_samples_skipped_total${labels(reason)} ${reason === "skip_list" ? 1 : 0}`);
  }
  for (const reason of DEAD_REASONS) {
    has(`horizon_samples_dead_total${labels(reason)} ${reason === "refused_by_store" ? 1 : 0}`);
  }
  for (const reason of DEAD_BLOCK_REASONS) {
    has(`horizon_blocks_dead_total{reason="${reason}"} 0`);
  }
  has('horizon_deliveries_total{sink="victoriametrics",outcome="again"} 0');
});

test("the lag is the age of the oldest claim that a sink has not confirmed, and grows between cycles", async () => {
  const { metrics, clock, lines } = create();
  const claim = (claimedAtMs: number, sinks: ClaimState["sinks"]): ClaimState => ({
    ...{ id: `c${claimedAtMs}`, claimedAtMs, bytes: 1, oldestGeneration: 1, sinks },
  });
  const confirmed = { state: "confirmed", deliveredAtMs: 1, tally: new Tally() } as const;
  const report: CycleReport = {
    ...{ shard: 0, outcome: "done", sinks: {}, finished: 0, parkedBlocks: 3, bufferBytes: 7 },
    remaining: [claim(40_000, { timeseries: confirmed }), claim(90_000, {})],
  };
  metrics.showRound([report, { ...report, shard: 1, remaining: [] }], ["timeseries", "victoriametrics"], clock.nowMs);
  let text = await lines();
  const has = (line: string) => assert.ok(text.includes(line), line);
  has('horizon_lag_seconds{sink="timeseries"} 10');
  has('horizon_lag_seconds{sink="victoriametrics"} 60');
  has('horizon_claims_pending{sink="timeseries"} 1');
  has('horizon_claims_pending{sink="victoriametrics"} 2');
  has("horizon_buffer_bytes 14");
  has("horizon_parked_blocks 6");
  has("horizon_last_cycle_timestamp_seconds 100");
  clock.nowMs += 5000;
  text = await lines();
  has('horizon_lag_seconds{sink="victoriametrics"} 65');
});
