import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { STALE_NAN_BITS } from "../../services/shared/series.ts";
import { differences } from "../support/compare-series.ts";
import { allBits, exactSamples, sentSamples } from "../support/expected-samples.ts";
import { type Pipeline, startPipeline } from "../support/pipeline.ts";
import { type Prometheus, startPrometheus } from "../support/prometheus.ts";
import { type ExactSeries, readExactly } from "../support/remote-read.ts";
import { sendSeries } from "../support/send-series.ts";
import { SPECIAL_VALUE_BITS } from "../support/special-values.ts";

const SCRAPE_SECONDS = 8;

describe("with a Prometheus as the receiver, which keeps all 64 bits,", () => {
  let receiver: Prometheus;
  let pipeline: Pipeline;
  before(async () => {
    receiver = await startPrometheus({
      receiver: true,
      // Horizon delivers what it has in any order of time; a Prometheus takes that only within a window.
      config: { storage: { tsdb: { out_of_order_time_window: "1h" } } },
    });
    pipeline = await startPipeline({ receiverUrl: receiver.writeUrl });
    await new Promise((resolve) => setTimeout(resolve, SCRAPE_SECONDS * 1000));
    // A target that is gone: Prometheus marks all of its series stale at the next scrape.
    await pipeline.exporter.stop();
    await new Promise((resolve) => setTimeout(resolve, 2500));
    await pipeline.drain();
  });
  after(async () => {
    await pipeline?.stop();
    await receiver?.stop();
  });

  test("everything scraped arrives bit for bit, stale markers included", async () => {
    const sent = await readExactly(pipeline.prometheus.url);
    const stale = sent.filter(({ samples }) => samples.some(({ bits }) => bits === STALE_NAN_BITS));
    assert.ok(stale.length > 400, `${stale.length} series have a stale marker`);
    const received = exactSamples(await readExactly(receiver.url), allBits);
    assert.equal(differences(sentSamples(sent, allBits), received), undefined);
  });

  test("values that a careless path would change arrive bit for bit", async () => {
    const nowMs = Date.now();
    const special: ExactSeries[] = Object.entries(SPECIAL_VALUE_BITS).map(([what, bits]) => ({
      labels: { __name__: "special_value", what },
      samples: [{ timestampMs: nowMs, bits }],
    }));
    const series = special.map(({ labels, samples }) => ({
      labels,
      samples: samples.map(({ timestampMs, bits }) => ({ timestampMs, value: bits })),
    }));
    const response = await sendSeries(pipeline.flux.intakeUrl, series);
    assert.equal(response.status, 204, await response.text());
    await pipeline.delivered();
    const received = await readExactly(receiver.url, nowMs, nowMs);
    const own = received.filter(({ labels }) => labels["__name__"] === "special_value");
    // Prometheus' remote read leaves −0 out as if it were 0; its query API gives the sign.
    const readable = special.filter(({ labels }) => labels["what"] !== "minus zero");
    const readOwn = own.filter(({ labels }) => labels["what"] !== "minus zero");
    assert.equal(differences(sentSamples(readable, allBits), exactSamples(readOwn, allBits)), undefined);
    const [minusZero] = await receiver.rawSamples('special_value{what="minus zero"}', nowMs / 1000 + 1, 5);
    assert.ok(Object.is(minusZero?.samples[0]?.value, -0), String(minusZero?.samples[0]?.value));
  });
});
