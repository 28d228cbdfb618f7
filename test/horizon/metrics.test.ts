import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import { HorizonMetrics } from "../../services/horizon/metrics.ts";
import { DEAD_BLOCK_REASONS, DEAD_REASONS, SKIP_REASONS } from "../../services/horizon/reasons.ts";
import { Tally } from "../../services/horizon/tally.ts";

function create() {
  const registry = new Registry();
  const metrics = new HorizonMetrics(registry, ["timeseries", "victoriametrics"]);
  const lines = async () => (await registry.metrics()).split("\n");
  return { metrics, lines };
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
