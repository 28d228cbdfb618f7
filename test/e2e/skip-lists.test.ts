import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { differences } from "../support/compare-series.ts";
import { asVictoriaKeeps, sentSamples, victoriaSamples } from "../support/expected-samples.ts";
import { metricValue } from "../support/metric-value.ts";
import { type Pipeline, startPipeline, TENANT } from "../support/pipeline.ts";
import { readExactly } from "../support/remote-read.ts";
import { lastOfBuckets, timeSeriesSamples } from "../support/time-series-samples.ts";

const KEPT = ["node_load1", "node_memory_MemFree_bytes", "node_cpu_seconds_total"];
const SCRAPE_SECONDS = 6;

describe("a namespace that SKIP_LIST skips, three metrics of which DO_NOT_SKIP_LIST keeps,", () => {
  let pipeline: Pipeline;
  before(async () => {
    pipeline = await startPipeline({
      settings: {
        SKIP_LIST: JSON.stringify([`${TENANT}.`]),
        DO_NOT_SKIP_LIST: JSON.stringify([
          `${TENANT}.node_load1{`,
          "^node_memory_MemFree_bytes",
          "node_cpu_seconds_total",
        ]),
      },
    });
    await new Promise((resolve) => setTimeout(resolve, SCRAPE_SECONDS * 1000));
    await pipeline.drain();
  });
  after(() => pipeline?.stop());

  test("arrives as exactly those three, in both stores", async () => {
    const scraped = await readExactly(pipeline.prometheus.url);
    const kept = scraped.filter(({ labels }) => KEPT.includes(labels["__name__"] ?? ""));
    assert.equal(new Set(kept.map(({ labels }) => labels["__name__"])).size, 3);
    const stored = victoriaSamples((await pipeline.victoria?.exportAll()) ?? []);
    assert.equal(differences(sentSamples(kept, asVictoriaKeeps), stored), undefined);
    const { samples } = await timeSeriesSamples(pipeline.timeSeries.url);
    assert.equal(differences(lastOfBuckets(kept, 5), samples), undefined);
  });

  test("is counted as skipped, to the sample", async () => {
    const scraped = await readExactly(pipeline.prometheus.url);
    const skipped = scraped.filter(({ labels }) => !KEPT.includes(labels["__name__"] ?? ""));
    const samples = skipped.reduce((sum, series) => sum + series.samples.length, 0);
    for (const sink of ["victoriametrics", "timeseries"]) {
      const counted = await metricValue(
        `${pipeline.horizon.adminUrl}/metrics`,
        "horizon_samples_skipped_total",
        `sink="${sink}"`,
        'reason="skip_list"',
      );
      assert.equal(counted, samples, sink);
    }
  });
});
