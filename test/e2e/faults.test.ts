import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Redis } from "ioredis";
import { shardKeys } from "../../services/shared/buffer-keys.ts";
import { assertAllStored } from "../support/assert-all-stored.ts";
import { metricValue } from "../support/metric-value.ts";
import { type Pipeline, startPipeline } from "../support/pipeline.ts";
import { sendSeries } from "../support/send-series.ts";
import { timeSeriesSamples } from "../support/time-series-samples.ts";
import { untilNothingIsMissing } from "../support/until.ts";

/*
 * One pipeline, one fault after another; after each, both stores have to hold all that Prometheus has scraped since
 * the beginning.
 */
describe("nothing is lost, doubled or changed", () => {
  let pipeline: Pipeline;
  let redis: Redis;
  const keys = shardKeys("", 0);

  before(async () => {
    pipeline = await startPipeline();
    redis = new Redis(pipeline.buffer.url);
    redis.on("error", () => undefined);
    await scraped(2);
  });
  after(async () => {
    redis?.disconnect();
    await pipeline?.stop();
  });

  test("when Horizon is killed after it has claimed and before it has acknowledged", async () => {
    await pipeline.prometheus.scrapeOnly(pipeline.jobs);
    await pipeline.victoria?.pause();
    await untilNothingIsMissing(async () =>
      (await redis.hlen(keys.claims)) > 0 ? undefined : "Horizon has claimed nothing",
    );
    await pipeline.horizon.kill();
    assert.ok((await redis.hlen(keys.claims)) > 0, "the claim is left behind");
    pipeline.victoria?.resume();
    await pipeline.restartHorizon();
    await assertAllStored(pipeline);
  });

  test("when Redis is away while Prometheus sends: it hears 503 and sends again", async () => {
    await pipeline.prometheus.scrapeOnly(pipeline.jobs);
    await scraped(2);
    await pipeline.buffer.kill();
    const unavailable = () => metricValue(`${pipeline.flux.adminUrl}/metrics`, "flux_requests_total", 'status="503"');
    await untilNothingIsMissing(async () => ((await unavailable()) > 0 ? undefined : "no request was answered 503"));
    await scraped(2);
    await pipeline.buffer.restart();
    await assertAllStored(pipeline);
  });

  test("when Redis is flushed: every series is registered again", async () => {
    await pipeline.prometheus.scrapeOnly(pipeline.jobs);
    await scraped(2);
    await pipeline.prometheus.pause();
    await pipeline.delivered();
    await redis.flushall();
    pipeline.prometheus.resume();
    await scraped(2);
    await assertAllStored(pipeline);
    const epochs = await metricValue(
      `${pipeline.flux.adminUrl}/metrics`,
      "flux_registry_events_total",
      'event="epoch_changed"',
    );
    assert.ok(epochs > 0, "Flux has noticed");
  });

  // The last one: what no Prometheus has scraped would be extra in the comparisons of the others.
  test("when a request is delivered twice, and again after Horizon has claimed the first", async () => {
    const timestampMs = Date.now();
    const series = [{ labels: { __name__: "delivered_again" }, samples: [{ timestampMs, value: 42 }] }];
    await pipeline.drain();
    const send = async () => assert.equal((await sendSeries(pipeline.flux.intakeUrl, series)).status, 204);
    await send();
    await send();
    await pipeline.delivered();
    await send();
    await pipeline.delivered();
    const stored = (await pipeline.victoria?.exportAll("delivered_again{}")) ?? [];
    assert.deepEqual(
      stored.map(({ samples }) => samples),
      [[{ timestampMs, value: 42 }]],
    );
    const { samples } = await timeSeriesSamples(pipeline.timeSeries.url);
    const [points] = [...samples].filter(([key]) => key.includes("delivered_again")).map(([, times]) => times);
    assert.equal(points?.size, 1);
  });

  async function scraped(seconds: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
});
