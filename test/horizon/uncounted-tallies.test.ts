import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import { UncountedTallies } from "../../services/horizon/claim-ledger.ts";
import type { ClaimState, SinkProgress } from "../../services/horizon/claim-state.ts";
import { HorizonMetrics } from "../../services/horizon/metrics.ts";
import { Tally } from "../../services/horizon/tally.ts";

function create() {
  const registry = new Registry();
  const metrics = new HorizonMetrics(registry, ["timeseries"]);
  const tally = new Tally();
  tally.claim("t1", 2);
  tally.write("t1", 2);
  const written = async () => {
    const metric = await registry.getSingleMetric("horizon_samples_written_total")?.get();
    return metric?.values[0]?.value ?? 0;
  };
  return { metrics, tally, written, uncounted: new UncountedTallies() };
}

const claim = (sinks: ClaimState["sinks"]): ClaimState => ({
  ...{ id: "c1", claimedAtMs: 1, bytes: 1, oldestGeneration: 1, sinks },
});

test("a tally is counted once", async () => {
  const { metrics, tally, written, uncounted } = create();
  uncounted.add({ claimId: "c1", sink: "timeseries", by: "me", tally });
  uncounted.count("c1", "timeseries", metrics);
  uncounted.count("c1", "timeseries", metrics);
  assert.equal(await written(), 2);
});

test("what Redis was told although its answer was lost is counted in the next cycle, once", async () => {
  const { metrics, tally, written, uncounted } = create();
  const progress: SinkProgress = { state: "confirmed", by: "me", tally };
  uncounted.add({ claimId: "c1", sink: "timeseries", by: "me", tally });
  uncounted.settle([claim({ timeseries: progress })], metrics);
  uncounted.settle([claim({ timeseries: progress })], metrics);
  assert.equal(await written(), 2);
});

test("what Redis was not told is not counted: it will be delivered again", async () => {
  const { metrics, tally, written, uncounted } = create();
  uncounted.add({ claimId: "c1", sink: "timeseries", by: "me", tally });
  uncounted.settle([claim({})], metrics);
  uncounted.count("c1", "timeseries", metrics);
  assert.equal(await written(), 0);
});

test("what another instance delivered and confirmed in our stead is not counted: it has counted it", async () => {
  const { metrics, tally, written, uncounted } = create();
  uncounted.add({ claimId: "c1", sink: "timeseries", by: "me", tally });
  uncounted.settle([claim({ timeseries: { state: "confirmed", by: "another", tally } })], metrics);
  assert.equal(await written(), 0);
});
