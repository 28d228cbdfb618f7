import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { differences, type Samples, sampleCount, seriesKey } from "../support/compare-series.ts";
import { asVictoriaKeeps, sentSamples, victoriaSamples, victoriaTakes } from "../support/expected-samples.ts";
import { metricValue } from "../support/metric-value.ts";
import { type MetricsTarget, startMetricsTarget } from "../support/metrics-target.ts";
import { type Pipeline, QUICK_QUEUE, SELF_KEY, SERVER, startPipeline, TENANT } from "../support/pipeline.ts";
import { type ExactSeries, readExactly } from "../support/remote-read.ts";
import { type RemoteStorageAdapter, startRemoteStorageAdapter } from "../support/remote-storage-adapter.ts";
import { numberOf } from "../support/special-values.ts";
import { timeSeriesSamples } from "../support/time-series-samples.ts";
import { untilNothingIsMissing } from "../support/until.ts";

/*
 * One Prometheus writes every sample twice: to Flux, and to a real remote_storage_adapter, which writes it to Flux as
 * line protocol for another tenant. What reaches the stores must be the same but for what the adapter itself loses.
 */

const ADAPTER_TENANT = "acme-by-adapter";
const SCRAPES = 6;

/** Values that the adapter leaves out, whatever the series: line protocol has no words for them. */
const NEVER_SENT = { odd_nan: "NaN", odd_positive_infinity: "+Inf", odd_negative_infinity: "-Inf" };

const VALUES = ["0", "-0", "1", "-1.5", "0.1", "1e21", "1e-7", "5e-324", "1.7976931348623157e308", "9007199254740993"];

/** Label values as they are, that line protocol has to escape, that it cannot hold, or that look like a part of it. */
const TEXTS = [
  "plain",
  "a b",
  "a,b",
  "a=b",
  ",",
  "=",
  " ",
  " both ends ",
  'a "quoted" word',
  "back\\slash",
  "ends in \\",
  "C:\\,z=1",
  "C:\\ value",
  "\\\\",
  "two\nlines",
  "\n",
  "ends in newline\n",
  "x value=1 5",
  "x value=1 5\ny value=2 6",
  "# no comment",
  "\n# no comment",
  "tab\tand\rreturn",
  "köln ☃ 😀",
];

function exposition(): string {
  const text = (value: string) => value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  return [
    ...Object.entries(NEVER_SENT).map(([name, value]) => `${name} ${value}`),
    ...VALUES.map((value) => `odd_value{as="${value}"} ${value}`),
    ...TEXTS.map((value, i) => `odd_text{a="${text(value)}",i="${i}",z="${text(value)}"} ${i}`),
    'odd_empty_label{a="",b="1"} 1',
    "odd:rule:rate5m 1",
    "_odd_underscore 1",
    "",
  ].join("\n");
}

describe("what a real Prometheus writes through a real remote_storage_adapter", () => {
  let target: MetricsTarget;
  let adapter: RemoteStorageAdapter;
  let pipeline: Pipeline;
  /** Everything that Prometheus scraped, stale markers included. */
  let scraped: readonly ExactSeries[];
  before(async () => {
    target = await startMetricsTarget(exposition());
    pipeline = await startPipeline({
      // One sample a bucket would hide what is missing.
      settings: { RTS_RESOLUTION_SECONDS: "0" },
      jobs: [{ job: "odd", targets: [target.target] }],
      alsoWrites: async (intakeUrl) => {
        adapter = await startRemoteStorageAdapter({
          influxUrl: `${intakeUrl}/flux/prometheus`,
          username: `${ADAPTER_TENANT}/${SERVER}`,
          password: SELF_KEY,
        });
        return [{ url: adapter.writeUrl, queue_config: QUICK_QUEUE }];
      },
    });
    await untilNothingIsMissing(async () => {
      const [up] = await pipeline.prometheus.query('sum_over_time(up{job="odd"}[5m])');
      const scrapes = up?.samples[0]?.value ?? 0;
      return scrapes >= SCRAPES ? undefined : `${scrapes} of ${SCRAPES} scrapes`;
    });
    // A target that is gone: Prometheus marks its series stale, and then an instant query does not find them.
    await target.stop();
    await untilNothingIsMissing(async () => {
      const fresh = await pipeline.prometheus.query('{__name__=~".*odd.*"}');
      return fresh.length === 0 ? undefined : `${fresh.length} series are not stale`;
    });
    await pipeline.drain();
    scraped = await readExactly(pipeline.prometheus.url);
  });
  after(async () => {
    await pipeline?.stop();
    await adapter?.stop();
    await target?.stop();
  });

  test("is in VictoriaMetrics as remote-write brings it, but for NaN, stale markers and ±Inf", async () => {
    const stored = async (tenant: string) =>
      victoriaSamples((await pipeline.victoria?.exportAll(`{_tenant_id="${tenant}"}`)) ?? []);
    const direct = sentSamples(onlySamples(scraped, victoriaTakes), asVictoriaKeeps);
    assert.equal(differences(direct, await stored(TENANT)), undefined);
    const finite = sentSamples(onlySamples(scraped, isFinite64), asVictoriaKeeps, ADAPTER_TENANT);
    assert.ok(finite.size > 400 && sampleCount(finite) > 400 * SCRAPES, `${finite.size} series`);
    assert.equal(differences(finite, await stored(ADAPTER_TENANT)), undefined);
  });

  test("is in RedisTimeSeries with every bit of every value, as remote-write brings it", async () => {
    const { samples } = await timeSeriesSamples(pipeline.timeSeries.url);
    const direct = samplesOf(samples, TENANT);
    const odd = [...direct.keys()].filter((series) => series.includes('"odd_'));
    assert.equal(odd.length, VALUES.length + TEXTS.length + 1, odd.join("\n"));
    assert.equal(differences(direct, samplesOf(samples, ADAPTER_TENANT)), undefined);
  });

  test("lacks exactly what the adapter cannot carry", async () => {
    const lost = onlySamples(scraped, (bits) => !isFinite64(bits));
    const names = lost.map(({ labels }) => labels["__name__"] ?? "");
    // Whole series: those whose value never is a number.
    const wholly = lost.filter(({ labels, samples }) => samples.length === lengthOf(scraped, labels));
    assert.deepEqual(wholly.map(({ labels }) => labels["__name__"]).sort(), Object.keys(NEVER_SENT).sort());
    // Of the others, the stale markers of the target that went away: one each.
    const markers = lost.filter((series) => !wholly.includes(series));
    assert.ok(markers.every(({ labels, samples }) => labels["job"] === "odd" && samples.length === 1));
    assert.equal(markers.length, VALUES.length + TEXTS.length + ["odd_empty_label", "rule", "underscore"].length);
    // A label without a value is none in Prometheus either: the series is there, with its other label.
    assert.ok(names.includes("odd_empty_label"));
    const ignored = await metricValue(adapter.metricsUrl, "prometheus_influxdb_ignored_samples_total");
    assert.equal(
      ignored,
      lost.reduce((sum, { samples }) => sum + samples.length, 0),
    );
  });

  test("is never refused: the adapter would not send it again", async () => {
    assert.equal(await metricValue(adapter.metricsUrl, "failed_samples_total"), 0);
    const refused = await metricValue(`${pipeline.flux.adminUrl}/metrics`, "flux_samples_refused_total");
    assert.equal(refused, 0);
  });
});

function isFinite64(bits: bigint): boolean {
  return Number.isFinite(numberOf(bits));
}

/** The samples whose value a condition holds for, and the series that have any. */
function onlySamples(series: readonly ExactSeries[], isWanted: (bits: bigint) => boolean): ExactSeries[] {
  return series
    .map(({ labels, samples }) => ({ labels, samples: samples.filter(({ bits }) => isWanted(bits)) }))
    .filter(({ samples }) => samples.length > 0);
}

function lengthOf(series: readonly ExactSeries[], labels: ExactSeries["labels"]): number {
  const key = seriesKey(labels);
  return series.find((one) => seriesKey(one.labels) === key)?.samples.length ?? 0;
}

/** The samples of a tenant, without its label. */
function samplesOf(samples: Samples, tenant: string): Samples {
  return new Map(
    [...samples].flatMap(([series, times]) => {
      const { _tenant_id, ...labels }: Record<string, string> = Object.fromEntries(JSON.parse(series));
      return _tenant_id === tenant ? [[seriesKey(labels), times] as const] : [];
    }),
  );
}
