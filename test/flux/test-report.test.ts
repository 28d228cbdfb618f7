import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createRandom, type Random } from "../support/random.ts";
import { SPECIAL_VALUE_BITS } from "../support/special-values.ts";
import { type SeriesSpec, writeRequestBody } from "../support/write-request.ts";
import { type Posted, recordingIntake } from "./support/post.ts";

const REMOTE_WRITE = { "content-type": "application/x-protobuf", "content-encoding": "snappy" } as const;
const TEST_ONLY = { "x-test-only": "true" } as const;
const OWNER = '_tenant_id="acme",_server_id="1"';
const TIME_MS = 1_700_000_000_000;

const series = (name: string, labels: Record<string, string> = {}, ...values: (number | bigint)[]): SeriesSpec => ({
  labels: { __name__: name, ...labels },
  samples: (values.length > 0 ? values : [1]).map((value, i) => ({ timestampMs: TIME_MS + i, value })),
});
const remoteWrite = (specs: readonly SeriesSpec[], headers: Record<string, string> = {}, query = ""): Posted => ({
  url: `/prometheus/write${query}`,
  headers: { ...REMOTE_WRITE, ...headers },
  payload: writeRequestBody(specs),
});

async function reportOf(posted: Posted) {
  const { post, stored } = recordingIntake();
  const { status, text, headers } = await post(posted, TEST_ONLY);
  assert.equal(status, 200, text);
  assert.deepEqual(stored, []);
  return { report: JSON.parse(text), headers };
}

describe("the report of x-test-only", () => {
  test("names what is kept as it would be stored, with its first sample", async () => {
    const stale = SPECIAL_VALUE_BITS["stale marker"] ?? 0n;
    const { report } = await reportOf(remoteWrite([series("up", { job: "a" }, 1.5, 2), series("gone", {}, stale)]));
    const time = "2023-11-14T22:13:20.000Z";
    assert.deepEqual(report.metrics, [`up{${OWNER},job="a"}`, `gone{${OWNER}}`]);
    assert.deepEqual(report.examples.kept, [
      {
        name: `up{${OWNER},job="a"}`,
        samples: 2,
        timestamp_ms: TIME_MS,
        time,
        value: "1.5",
        value_kind: "number",
      },
      {
        name: `gone{${OWNER}}`,
        samples: 1,
        timestamp_ms: TIME_MS,
        time,
        value: "NaN",
        value_kind: "stale_marker",
      },
    ]);
    assert.deepEqual([report.tenant_id, report.ingest_count, report.drop_count], ["acme", 3, 0]);
  });

  test("says which rule dropped or saved a series, and which took a label", async () => {
    const headers = { dropmetrics: "^go_", donotdropmetrics: "threads", droplabels: "[['pod','^web']]" };
    const specs = [
      series("go_gc", { pod: "web-1", monitor: "master" }, 1, 2),
      series("go_threads"),
      series("up", { pod: "db" }),
    ];
    const { report } = await reportOf(remoteWrite(specs, headers));
    const rule = { origin: "headers", list: "dropMetrics", pattern: "^go_" };
    assert.deepEqual(report.dropped, [`go_gc{${OWNER}}`]);
    assert.deepEqual(report.examples.dropped, [{ name: `go_gc{${OWNER}}`, samples: 2, rule }]);
    assert.deepEqual(report.dropped_by_rule, [{ ...rule, series: 1, samples: 2 }]);
    assert.deepEqual(report.dropped_labels, [
      { origin: "settings", list: "DROP_LABELS", label: "monitor", pattern: "^master$", series: 1, samples: 2 },
      { origin: "headers", list: "dropLabels", label: "pod", pattern: "^web", series: 1, samples: 2 },
    ]);
    assert.deepEqual(report.examples.kept[0].saved, {
      from: rule,
      by: { origin: "headers", list: "doNotDropMetrics", pattern: "threads" },
    });
    assert.equal(report.examples.kept[1].saved, undefined);
  });

  test("names both series that a rule makes one", async () => {
    const specs = [series("m", { pod: "a" }), series("m", { pod: "b" }), series("m")];
    const { report, headers } = await reportOf(remoteWrite(specs, { droplabels: "pod" }));
    const stored_as = `m{${OWNER}}`;
    assert.equal(report.merged_series, 2);
    assert.deepEqual(report.examples.merged, [
      { stored_as, first: 'm{pod="a"}', other: 'm{pod="b"}' },
      { stored_as, first: 'm{pod="a"}', other: "m{}" },
    ]);
    assert.match(String(headers["x-flux-warning"]), /2 series/);
  });

  test("says what is refused and why, with as much of the name as is readable", async () => {
    const long = "x".repeat(5000);
    const { report } = await reportOf(remoteWrite([series("m", { a: long }), series(""), series("good")]));
    assert.deepEqual(report.refused_by_reason, { label_value_too_long: 1, missing_metric_name: 1 });
    const [first, second] = report.examples.refused;
    assert.equal(first.name, `m{a="${long}`.slice(0, 200));
    assert.deepEqual(
      [first.reason, second.reason, second.name],
      ["label_value_too_long", "missing_metric_name", undefined],
    );
    assert.match(first.detail, /5000 bytes/);
  });

  test("counts and names parts of text formats that cannot be read", async () => {
    const metrics = [{ metric: "up", timestamp: 1, value: 1 }, { metric: "{}" }];
    const json = { url: "/prometheus/write", headers: { "content-type": "application/json" } };
    const { report } = await reportOf({ ...json, payload: JSON.stringify({ metrics }) });
    assert.deepEqual([report.ingest_count, report.refused_count], [1, 1]);
    assert.equal(report.examples.refused[0].where, "metrics[1]");
    const lines = await reportOf({ url: "/write", headers: {}, payload: "up value=1 1\nnonsense\n" });
    assert.deepEqual(lines.report.metrics, [`up{${OWNER}}`]);
    assert.deepEqual(lines.report.refused_by_reason, { unreadable: 1 });
    assert.equal(lines.report.examples.refused[0].where, "line 2");
  });

  const asked: [query: string, want: number][] = [
    ["", 100],
    ["?examples=3", 3],
    ["?examples=0", 0],
    ["?examples=99999", 1000],
    ["?examples=-1", 100],
    ["?examples=many", 100],
  ];
  for (const [query, want] of asked) {
    test(`holds ${want} examples of each kind for "${query}", and exact counts`, async () => {
      const specs = Array.from({ length: 1100 }, (_, i) => series(i % 2 === 0 ? `kept_${i}` : `not_${i}`));
      const { report } = await reportOf(remoteWrite(specs, { dropmetrics: "^not_" }, query));
      const shown = Math.min(want, 550);
      assert.equal(report.metrics.length, shown);
      assert.equal(report.dropped.length, shown);
      assert.deepEqual([report.ingest_count, report.drop_count, report.examples_at_most], [550, 550, want]);
      assert.equal(report.dropped_by_rule[0].series, 550);
    });
  }
});

/*
 * Whatever is sent: the report says what storing it does. And a test leaves no trace: what follows it is answered,
 * stored and counted as if it had not been.
 */
describe("the report and the real intake agree", () => {
  const dialects: [name: string, make: (specs: readonly SeriesSpec[], random: Random) => Posted][] = [
    ["remote-write", (specs) => remoteWrite(specs)],
    ["JSON", jsonOf],
    ["line protocol", linesOf],
  ];
  for (const [name, make] of dialects) {
    test(`on random requests as ${name}`, async () => {
      const random = createRandom();
      for (let round = 0; round < 25; round++) {
        const posted = make(randomSeries(random), random);
        const request = {
          url: `${posted.url}?examples=1000`,
          headers: { ...posted.headers, ...randomRules(random) },
          payload: posted.payload,
        };
        await compareWithReal(request, `seed ${random.seed}, round ${round}`);
      }
    });
  }
});

async function compareWithReal(request: Posted, message: string): Promise<void> {
  const tested = recordingIntake();
  const { status, text, headers } = await tested.post(request, TEST_ONLY);
  assert.equal(status, 200, `${message}: ${text}`);
  assert.deepEqual([tested.stored, await tested.counted()], [[], []], message);
  const report = JSON.parse(text);

  const real = recordingIntake();
  const answer = await real.post(request);
  assert.deepEqual(report.metrics, [...new Set(real.stored)], message);
  assert.equal(headers["x-flux-warning"], answer.headers["x-flux-warning"], message);
  assert.deepEqual(await real.counted(), countsOf(report), message);
  const droppedByRules = report.dropped_by_rule.reduce(
    (sum: number, rule: { samples: number }) => sum + rule.samples,
    0,
  );
  assert.equal(droppedByRules, report.dropped_by_reason.drop_metrics ?? 0, message);

  const afterTest = await tested.post(request);
  assert.deepEqual(afterTest, answer, message);
  assert.deepEqual(tested.stored, real.stored, message);
  assert.deepEqual(await tested.counted(), await real.counted(), message);
}

/** What a report says, as the metrics would. */
function countsOf(report: {
  ingest_count: number;
  drop_count: number;
  refused_count: number;
  merged_series: number;
  dropped_by_reason: Record<string, number>;
  refused_by_reason: Record<string, number>;
}): string[] {
  const { ingest_count, drop_count, refused_count, merged_series } = report;
  const plain: [string, number][] = [
    ["flux_samples_received_total", ingest_count + drop_count + refused_count],
    ["flux_samples_stored_total", ingest_count],
    ["flux_series_merged_total", merged_series],
  ];
  const lines = plain.map(([name, count]) => ({ name, labels: 'tenant="acme"', count }));
  for (const kind of ["dropped", "refused"] as const) {
    for (const [reason, count] of Object.entries(report[`${kind}_by_reason`])) {
      lines.push({ name: `flux_samples_${kind}_total`, labels: `tenant="acme",reason="${reason}"`, count });
    }
  }
  return sorted(lines.filter(({ count }) => count > 0).map(({ name, labels, count }) => `${name}{${labels}} ${count}`));
}

function sorted(lines: readonly string[]): string[] {
  return [...lines].sort();
}

function randomSeries(random: Random): SeriesSpec[] {
  return Array.from({ length: 1 + random.below(30) }, () => {
    const labels: [string, string][] = [["__name__", random.pick(["up", "go_gc", "go_threads", "é", ""])]];
    for (const name of ["pod", "zone", "monitor", "_tenant_id"]) {
      if (random.below(3) === 0) {
        labels.push([name, random.pick(["a", "b", "master", "web-1", ""])]);
      }
    }
    const samples = Array.from({ length: 1 + random.below(3) }, () => ({
      timestampMs: TIME_MS + random.below(3),
      value: random.below(100),
    }));
    return { labels, samples };
  });
}

function randomRules(random: Random): Record<string, string> {
  return {
    dropmetrics: random.pick(["", "^go_", "up,zone", "pod.a"]),
    donotdropmetrics: random.pick(["", "threads", "pod"]),
    droplabels: random.pick(["", "pod", "[['pod','^web'],['zone','a'],['pod']]", "zone=b"]),
  };
}

function flatten(specs: readonly SeriesSpec[]) {
  return specs.flatMap(({ labels, samples }) => {
    const pairs = (Array.isArray(labels) ? labels : Object.entries(labels)) as [string, string][];
    const [[, name] = ["", ""], ...others] = pairs;
    return samples.map(({ timestampMs, value }) => ({ name, others, timestampMs, value: Number(value) }));
  });
}

function jsonOf(specs: readonly SeriesSpec[], random: Random): Posted {
  const metrics = flatten(specs).map(({ name, others, timestampMs, value }) => ({
    metric: `${name}{${others.map(([label, text]) => `${label}="${text}"`).join(",")}}`,
    timestamp: timestampMs,
    value: random.below(10) === 0 ? "unreadable" : value,
  }));
  const payload = JSON.stringify({ metrics });
  return { url: "/prometheus/write", headers: { "content-type": "application/json" }, payload };
}

function linesOf(specs: readonly SeriesSpec[], random: Random): Posted {
  const lines = flatten(specs).map(({ name, others, timestampMs, value }) => {
    const tags = others.map(([label, text]) => `,${label}=${text}`).join("");
    return random.below(10) === 0 ? "unreadable" : `${name}${tags} value=${value} ${timestampMs}000000`;
  });
  return { url: "/write", headers: {}, payload: lines.join("\n") };
}
