import assert from "node:assert/strict";
import { differences, sampleCount } from "./compare-series.ts";
import { asVictoriaKeeps, sentSamples, victoriaSamples } from "./expected-samples.ts";
import type { Pipeline } from "./pipeline.ts";
import { readExactly } from "./remote-read.ts";
import { lastOfBuckets, timeSeriesSamples } from "./time-series-samples.ts";

/** Of a pipeline that has scraped for some seconds. */
const MIN_SAMPLES = 1000;

/**
 * Stops scraping, waits until everything is delivered, and compares both stores of a pipeline with all that its Prometheus
 * has scraped since the beginning.
 * @throws AssertionError when anything is missing, doubled or changed.
 */
export async function assertAllStored(pipeline: Pipeline): Promise<void> {
  await pipeline.drain();
  const sent = await readExactly(pipeline.prometheus.url);
  const expected = sentSamples(sent, asVictoriaKeeps);
  assert.ok(sampleCount(expected) > MIN_SAMPLES, `${sampleCount(expected)} samples were scraped`);
  const stored = victoriaSamples((await pipeline.victoria?.exportAll()) ?? []);
  assert.equal(differences(expected, stored), undefined, "VictoriaMetrics");
  const bucketSeconds = Number(pipeline.settings["RTS_RESOLUTION_SECONDS"]);
  const { samples } = await timeSeriesSamples(pipeline.timeSeries.url);
  assert.equal(differences(lastOfBuckets(sent, bucketSeconds), samples), undefined, "RedisTimeSeries");
}
