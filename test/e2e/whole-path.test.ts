import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Redis } from "ioredis";
import { z } from "zod";
import { StoredMetadata } from "../../services/horizon/metadata/stored-metadata.ts";
import type { FamilyMetadata } from "../../services/horizon/sinks/victoria/metadata-body.ts";
import { shardKeys } from "../../services/shared/buffer-keys.ts";
import { generationAt } from "../../services/shared/generation.ts";
import { decodeRecord, METRIC_TYPES } from "../../services/shared/registry-record.ts";
import { labelValue } from "../../services/shared/series.ts";
import { type RecordingReceiver, startRecordingReceiver } from "../horizon/support/recording-receiver.ts";
import { readMetricsFaults } from "../support/check-metrics.ts";
import { differences, sampleCount } from "../support/compare-series.ts";
import { asVictoriaKeeps, sentSamples, victoriaSamples } from "../support/expected-samples.ts";
import { metricValue } from "../support/metric-value.ts";
import { type Pipeline, SERVER, startPipeline, TENANT } from "../support/pipeline.ts";
import { readExactly } from "../support/remote-read.ts";
import { sendSeries } from "../support/send-series.ts";
import { lastOfBuckets, timeSeriesSamples } from "../support/time-series-samples.ts";
import { until } from "../support/until.ts";

const SCRAPE_SECONDS = 12;

describe("what a real Prometheus scrapes", () => {
  let recorder: RecordingReceiver;
  let pipeline: Pipeline;
  let scrapedMetadata: string[];
  before(async () => {
    recorder = await startRecordingReceiver();
    pipeline = await startPipeline({ settings: { VICTORIAMETRICS_URLS: JSON.stringify({ recorder: recorder.url }) } });
    await new Promise((resolve) => setTimeout(resolve, SCRAPE_SECONDS * 1000));
    scrapedMetadata = await metadataOf(pipeline.prometheus.url);
    await pipeline.drain();
  });
  after(async () => {
    await pipeline?.stop();
    await recorder?.stop();
  });

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

  test("brings its metadata: the same types and texts in Redis, and at a receiver behind Horizon", async () => {
    assert.ok(scrapedMetadata.length > 100, `${scrapedMetadata.length} families were scraped`);
    const redis = new Redis(pipeline.buffer.url);
    const source = new StoredMetadata(redis, "");
    const { families } = await source.familiesOf({ tenant: TENANT, server: SERVER, version: "" });
    redis.disconnect();
    assert.deepEqual(families.map(describeFamily).sort(), scrapedMetadata);
    const received = () => {
      const entries = recorder.requests.flatMap(({ metadata }) => metadata);
      const texts = entries.map((entry) => describeFamily({ ...entry, type: METRIC_TYPES[entry.type] ?? "unknown" }));
      return [...new Set(texts)].sort();
    };
    await until(() => received().length >= scrapedMetadata.length, { describe: () => `${received().length} arrived` });
    assert.deepEqual(received(), scrapedMetadata);
    const flux = (name: string) => metricValue(`${pipeline.flux.adminUrl}/metrics`, `flux_metadata_${name}_total`);
    assert.equal(await flux("stored"), await flux("received"));
  });

  test("gives new series the types of their families in the registry", async () => {
    const types = { node_cpu_seconds_total: "counter", node_load1: "gauge", go_gc_duration_seconds_sum: "summary" };
    const series = Object.keys(types).map((name) => ({
      labels: { __name__: name, typed: "yes" },
      samples: [{ timestampMs: Date.now(), value: 1 }],
    }));
    assert.equal((await sendSeries(pipeline.flux.intakeUrl, series)).status, 204);
    const redis = new Redis(pipeline.buffer.url);
    const records = await redis.hvalsBuffer(shardKeys("", 0).series(generationAt(Date.now())));
    redis.disconnect();
    const typed = records.flatMap((bytes) => {
      const { labels = [], type } = decodeRecord(bytes) ?? {};
      return labelValue(labels, "typed") === "yes" ? [[labelValue(labels, "__name__"), type]] : [];
    });
    assert.deepEqual(Object.fromEntries(typed), types);
  });
});

const prometheusMetadata = z.object({
  data: z.record(z.string(), z.array(z.object({ type: z.enum(METRIC_TYPES), help: z.string(), unit: z.string() }))),
});

/** What a Prometheus knows of the families that it scrapes. Targets of these tests do not contradict each other. */
async function metadataOf(url: string): Promise<string[]> {
  const { data } = prometheusMetadata.parse(await (await fetch(`${url}/api/v1/metadata`)).json());
  const families = Object.entries(data).flatMap(([familyName, of]) => of.map((one) => ({ familyName, ...one })));
  return families.map(describeFamily).sort();
}

function describeFamily({ familyName, type, help, unit }: FamilyMetadata): string {
  return JSON.stringify([familyName, type, help, unit]);
}
