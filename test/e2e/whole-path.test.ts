import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { readMetricsFaults } from "../support/check-metrics.ts";
import { differences, sampleCount } from "../support/compare-series.ts";
import { asVictoriaKeeps, sentSamples, victoriaSamples } from "../support/expected-samples.ts";
import { metricValue } from "../support/metric-value.ts";
import { type Pipeline, startPipeline } from "../support/pipeline.ts";
import { readExactly } from "../support/remote-read.ts";
import { lastOfBuckets, timeSeriesSamples } from "../support/time-series-samples.ts";

const SCRAPE_SECONDS = 12;

describe("what a real Prometheus scrapes", () => {
  let pipeline: Pipeline;
  before(async () => {
    pipeline = await startPipeline();
    await new Promise((resolve) => setTimeout(resolve, SCRAPE_SECONDS * 1000));
    await pipeline.drain();
  });
  after(() => pipeline?.stop());

  test("is in VictoriaMetrics: every series, timestamp and value, nothing missing, nothing extra", async () => {
    const sent = sentSamples(await readExactly(pipeline.prometheus.url), asVictoriaKeeps);
    assert.ok(sent.size > 400 && sampleCount(sent) > 400 * (SCRAPE_SECONDS - 4), `${sent.size} series were scraped`);
    const stored = victoriaSamples((await pipeline.victoria?.exportAll()) ?? []);
    assert.equal(differences(sent, stored), undefined);
  });

  test("is in RedisTimeSeries: the last value of each bucket, with labels and retention", async () => {
    const sent = await readExactly(pipeline.prometheus.url);
    const { samples, retentionsMs, policies } = await timeSeriesSamples(pipeline.timeSeries.url);
    assert.equal(differences(lastOfBuckets(sent, 5), samples), undefined);
    assert.deepEqual([...retentionsMs], [86_400_000]);
    assert.deepEqual([...policies], ["last"]);
  });

  test("balances in the counts of Flux and Horizon, to the sample", async () => {
    const sent = sampleCount(sentSamples(await readExactly(pipeline.prometheus.url), asVictoriaKeeps));
    const flux = (name: string) => metricValue(`${pipeline.flux.adminUrl}/metrics`, `flux_samples_${name}_total`);
    assert.equal(await flux("received"), (await flux("stored")) + (await flux("dropped")) + (await flux("refused")));
    assert.equal(await flux("stored"), sent);
    for (const sink of ["victoriametrics", "timeseries"]) {
      const horizon = (name: string) =>
        metricValue(`${pipeline.horizon.adminUrl}/metrics`, `horizon_samples_${name}_total`, `sink="${sink}"`);
      assert.equal(await horizon("claimed"), sent, sink);
      const sum = (await horizon("written")) + (await horizon("skipped")) + (await horizon("dead"));
      assert.equal(sum, sent, sink);
    }
  });

  test("shows in metrics that promtool finds nothing wrong with", async () => {
    assert.equal(await readMetricsFaults(`${pipeline.flux.adminUrl}/metrics`), "");
    assert.equal(await readMetricsFaults(`${pipeline.horizon.adminUrl}/metrics`), "");
  });
});
