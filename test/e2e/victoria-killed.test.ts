import assert from "node:assert/strict";
import { test } from "node:test";
import { Redis } from "ioredis";
import { parseClaimState } from "../../services/horizon/claim-state.ts";
import { shardKeys } from "../../services/shared/buffer-keys.ts";
import { assertAllStored } from "../support/assert-all-stored.ts";
import { metricValue } from "../support/metric-value.ts";
import { startPipeline } from "../support/pipeline.ts";
import { until } from "../support/until.ts";

/** Longer than the ten seconds that a killed VictoriaMetrics forgets. */
const SETTLE_SECONDS = 12;

test("nothing is lost, doubled or changed when VictoriaMetrics is killed with what it has just taken, and away for two cycles", async (t) => {
  const pipeline = await startPipeline({ settings: { VICTORIAMETRICS_SETTLE_SECONDS: String(SETTLE_SECONDS) } });
  t.after(() => pipeline.stop());
  const redis = new Redis(pipeline.buffer.url);
  t.after(() => redis.disconnect());
  const claims = async () => {
    const texts = await redis.hgetall(shardKeys("", 0).claims);
    return Object.entries(texts).map(([id, text]) => parseClaimState(id, text));
  };
  const horizon = (name: string, ...labels: string[]) =>
    metricValue(`${pipeline.horizon.adminUrl}/metrics`, name, ...labels);
  const written = () => horizon("horizon_samples_written_total", 'sink="timeseries"');

  await until(async () => (await claims()).some(({ sinks }) => sinks.victoriametrics?.state === "delivered"));
  await pipeline.victoria?.kill();
  const before = await written();
  await until(async () => (await claims()).filter(({ sinks }) => !sinks.victoriametrics).length >= 2);
  await until(async () => (await written()) > before, { describe: () => "RedisTimeSeries gets nothing meanwhile" });
  await pipeline.victoria?.restart();
  await assertAllStored(pipeline);
  assert.ok(
    (await horizon("horizon_deliveries_total", 'outcome="again"')) > 0,
    "what it may have forgotten came again",
  );
});
