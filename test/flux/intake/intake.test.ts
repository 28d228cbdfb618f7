import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import type { BufferFormat } from "../../../services/flux/intake/buffer-format.ts";
import { takeIn } from "../../../services/flux/intake/intake.ts";
import { compileRules, type RuleSource } from "../../../services/flux/intake/rules.ts";
import { SeriesTable, type StreamSeries } from "../../../services/flux/intake/series-table.ts";
import { type Deciding, Stream } from "../../../services/flux/intake/stream.ts";
import { boundsAt, type TimeBounds } from "../../../services/flux/intake/time-bounds.ts";
import { UNKNOWN } from "../../../services/flux/intake/verdicts.ts";
import { referenceCodec } from "../../../services/kernel/reference.ts";
import { TextSeriesIndex } from "../../../services/kernel/text-series-index.ts";
import { RegexBudget } from "../../../services/shared/regex-budget.ts";
import { decodeRecord } from "../../../services/shared/registry-record.ts";
import { formatSeriesName } from "../../../services/shared/series.ts";
import { createSeriesHasher } from "../../../services/shared/series-id.ts";
import { numberOf } from "../../support/special-values.ts";
import { encodeWriteRequest, type SeriesSpec } from "../../support/write-request.ts";

const limits = { maxLabels: 40, maxLabelNameBytes: 256, maxLabelValueBytes: 4096, maxSeriesBytes: 16_384 };
const deciding: Deciding = { codec: referenceCodec, hasher: await createSeriesHasher(), limits, shards: 1 };

function openStream(
  rules: Partial<RuleSource> = {},
  table = new SeriesTable(new TextSeriesIndex(), 1000),
): StreamSeries {
  const source = { origin: "headers", dropMetrics: [], doNotDropMetrics: [], dropLabels: [], ...rules } as const;
  const compiled = compileRules([source], { maxPatterns: 100, maxPatternBytes: 1000 });
  assert.ok(compiled.ok);
  const sender = { tenant: "acme", server: "s1", namespace: "acme", keyIndex: 0 };
  return table.openStream(new Stream(sender, compiled.rules));
}

const ANY_TIME = boundsAt(0, 0, 0);

function intakeOf(
  series: readonly SeriesSpec[],
  stream: StreamSeries,
  with_: Deciding = deciding,
  bounds: TimeBounds = ANY_TIME,
) {
  const decoded = referenceCodec.decodeWriteRequest(encodeWriteRequest(series));
  assert.ok(decoded.ok);
  const intake = takeIn(decoded.request, stream, with_, bounds);
  assert.ok(intake);
  const counted = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, n) => sum + n, 0);
  const { kept, dropped, refused, received } = intake;
  assert.equal(received, kept.series.length + counted(dropped) + counted(refused), "the accounting balances");
  return intake;
}

/** What is kept, as `name value@timestamp`. */
function keptOf(series: readonly SeriesSpec[], stream: StreamSeries): string[] {
  const { kept } = intakeOf(series, stream);
  return Array.from(kept.series, (one, i) => {
    const record = decodeRecord(kept.known.recordOf(one));
    return `${formatSeriesName(record?.labels ?? [])} ${numberOf(kept.valueBits[i] ?? 0n)}@${kept.timestampsMs[i]}`;
  });
}

const sample = (value: number, timestampMs = 1000) => ({ value, timestampMs });

describe("an intake", () => {
  let stream: StreamSeries;
  beforeEach(() => {
    stream = openStream();
  });

  test("labels every series with its tenant and server", () => {
    const series = [{ labels: { __name__: "up", job: "node" }, samples: [sample(1)] }];
    assert.deepEqual(keptOf(series, stream), ['up{_tenant_id="acme",_server_id="s1",job="node"} 1@1000']);
  });

  test("refuses the samples that are too old or too far ahead, and keeps the others of their series", () => {
    const nowMs = 1_000_000;
    const samples = [699_999, 700_000, 1_060_000, 1_060_001].map((timestampMs) => sample(1, timestampMs));
    const up = { labels: { __name__: "up" }, samples };
    const { kept, refused, refusals } = intakeOf([up], stream, deciding, boundsAt(nowMs, 300_000, 60_000));
    assert.deepEqual([...kept.timestampsMs], [700_000, 1_060_000]);
    assert.deepEqual(Object.fromEntries(refused), { sample_too_old: 1, sample_too_far_ahead: 1 });
    assert.match(refusals[0]?.detail ?? "", /data older than 300 seconds: 699999 ms/);
    assert.match(refusals[1]?.detail ?? "", /data more than 60 seconds ahead of the clock: 1060001 ms/);
  });

  test("discards tenant and server labels from the wire: nobody writes as somebody else", () => {
    const labels = { __name__: "up", _tenant_id: "other", _server_id: "other" };
    assert.deepEqual(keptOf([{ labels, samples: [sample(1)] }], stream), [
      'up{_tenant_id="acme",_server_id="s1"} 1@1000',
    ]);
  });

  test("takes labels in any order for the same series, and leaves out empty ones", () => {
    const one = {
      labels: [
        ["b", "2"],
        ["__name__", "m"],
        ["a", "1"],
        ["c", ""],
      ] as const,
      samples: [sample(1)],
    };
    const other = {
      labels: [
        ["__name__", "m"],
        ["a", "1"],
        ["b", "2"],
      ] as const,
      samples: [sample(2, 2000)],
    };
    const { kept, mergedSeries } = intakeOf([one, other], stream);
    assert.equal(kept.series[0], kept.series[1]);
    assert.equal(mergedSeries, 0);
  });

  test("gives the same verdict again without looking at the labels again", () => {
    const series = [{ labels: { __name__: "up" }, samples: [sample(1)] }];
    const first = intakeOf(series, stream).kept.series[0];
    const blind: Deciding = {
      ...deciding,
      codec: { ...referenceCodec, decodeLabels: () => assert.fail("labels were decoded again") },
    };
    assert.equal(intakeOf(series, stream, blind).kept.series[0], first);
  });

  const refusals: [string, string, SeriesSpec["labels"]][] = [
    ["a series without a name", "missing_metric_name", { job: "node" }],
    ["a series with an empty name", "missing_metric_name", { __name__: "", job: "node" }],
    ["a series without any label", "missing_metric_name", {}],
    ["a label without a name", "empty_label_name", { __name__: "m", "": "x" }],
    [
      "a label name that stands twice",
      "duplicate_label_name",
      [
        ["__name__", "m"],
        ["a", "1"],
        ["a", "1"],
      ],
    ],
    [
      "two metric names",
      "duplicate_label_name",
      [
        ["__name__", "m"],
        ["__name__", "n"],
      ],
    ],
    ["too many labels", "too_many_labels", manyLabels(40)],
    ["a long label name", "label_name_too_long", { __name__: "m", ["a".repeat(257)]: "x" }],
    ["a long label value", "label_value_too_long", { __name__: "m", a: "é".repeat(2049) }],
    ["a long series", "series_too_long", Object.fromEntries([["__name__", "m"], ...longLabels(6)])],
  ];
  for (const [what, reason, labels] of refusals) {
    test(`refuses ${what} and stores the series beside it`, () => {
      const good = { labels: { __name__: "good" }, samples: [sample(1)] };
      const intake = intakeOf([{ labels, samples: [sample(1), sample(2, 2000)] }, good], stream);
      assert.deepEqual([...intake.refused], [[reason, 2]]);
      assert.equal(intake.refusals[0]?.reason, reason);
      assert.equal(intake.kept.series.length, 1);
    });
  }

  test("refuses timestamps that a block could not hold exactly", () => {
    const times = [2 ** 50, 2 ** 50 + 1, -(2 ** 50) - 1, -(2 ** 50)];
    const samples = times.map((timestampMs) => sample(1, timestampMs));
    const { kept, refused } = intakeOf([{ labels: { __name__: "m" }, samples }], stream);
    assert.deepEqual([...kept.timestampsMs], [2 ** 50, -(2 ** 50)]);
    assert.deepEqual([...refused], [["timestamp_out_of_range", 2]]);
  });

  test("takes the limits as they are: one byte less and it fits", () => {
    const labels = { __name__: "m", ["a".repeat(256)]: "x".repeat(4096) };
    assert.equal(intakeOf([{ labels, samples: [sample(1)] }], stream).kept.series.length, 1);
    assert.equal(intakeOf([{ labels: manyLabels(37), samples: [sample(1)] }], stream).kept.series.length, 1);
  });

  test("lets the last of two samples with the same time win, and counts the other", () => {
    const series = [
      { labels: { __name__: "m" }, samples: [sample(1), sample(2), sample(3, 2000)] },
      { labels: { __name__: "m" }, samples: [sample(4, 2000)] },
    ];
    assert.deepEqual(keptOf(series, stream), [
      'm{_tenant_id="acme",_server_id="s1"} 2@1000',
      'm{_tenant_id="acme",_server_id="s1"} 4@2000',
    ]);
    assert.deepEqual([...intakeOf(series, stream).dropped], [["overwritten_in_request", 2]]);
  });
});

describe("rules in an intake", () => {
  test("drop a metric and count every sample of it", () => {
    const stream = openStream({ dropMetrics: ["^go_.*"], doNotDropMetrics: ["go_goroutines"] });
    const series = ["go_threads", "go_goroutines", "up"].map((name) => ({
      labels: { __name__: name },
      samples: [sample(1), sample(2, 2000)],
    }));
    const { kept, dropped } = intakeOf(series, stream);
    assert.equal(kept.series.length, 4);
    assert.deepEqual([...dropped], [["drop_metrics", 2]]);
  });

  test("that make two series one are counted, and the last value wins", () => {
    const stream = openStream({ dropLabels: [["pod"]] });
    const series = ["a", "b"].map((pod, i) => ({ labels: { __name__: "m", pod }, samples: [sample(i)] }));
    const first = intakeOf(series, stream);
    assert.equal(first.mergedSeries, 1);
    assert.deepEqual([...first.dropped], [["overwritten_in_request", 1]]);
    assert.equal(numberOf(first.kept.valueBits[0] ?? 0n), 1);
    assert.equal(intakeOf(series, stream).mergedSeries, 0, "a merge is counted once, not with every request");
  });
});

test("the series table forgets what is not sent any more, and only that", () => {
  const table = new SeriesTable(new TextSeriesIndex(), 100);
  const stream = openStream({}, table);
  const other = openStream({}, table);
  const named = (name: string) => [{ labels: { __name__: name }, samples: [sample(1)] }];
  const registrationOf = (name: string, of = stream) => {
    const { series, known } = intakeOf(named(name), of).kept;
    return known.registrations[series[0] ?? -1];
  };
  const register = (name: string, of = stream) => {
    const { series, known } = intakeOf(named(name), of).kept;
    known.registrations[series[0] ?? -1] = 7;
  };
  register("steady");
  register("idle", other);
  for (let i = 0; i < 1000; i++) {
    assert.equal(registrationOf(`passing_${i}`), 0);
    assert.equal(registrationOf("steady"), 7);
    assert.ok(table.size <= 202, `${table.size} series remembered`);
  }
  assert.equal(registrationOf("idle", other), 0);
});

function manyLabels(count: number): Record<string, string> {
  return Object.fromEntries([["__name__", "m"], ...Array.from({ length: count }, (_, i) => [`l${i}`, "x"])]);
}

function longLabels(count: number): [string, string][] {
  return Array.from({ length: count }, (_, i) => [`l${i}`, "x".repeat(4000)]);
}

describe("a format of the buffer that cannot hold everything", () => {
  const format: BufferFormat = {
    holdsNan: false,
    checkSeries: (labels, { tenant }) =>
      labels.length < 5
        ? { ok: true }
        : { ok: false, reason: "not_readable_by_skyline", detail: `${tenant} has too many` },
  };
  const strict = { ...deciding, format };

  test("leaves out samples without a number, whatever their bits, and keeps the others", () => {
    const values = [
      1,
      0x7ff0000000000002n,
      Number.POSITIVE_INFINITY,
      0xfff8000000000000n,
      Number.NEGATIVE_INFINITY,
      -0,
    ];
    const samples = values.map((value, i) => ({ value, timestampMs: i }));
    const { kept, dropped } = intakeOf([{ labels: { __name__: "up" }, samples }], openStream(), strict);
    assert.deepEqual([...kept.timestampsMs], [0, 2, 4, 5]);
    assert.deepEqual([...dropped], [["nan_not_storable", 2]]);
  });

  test("refuses a series, in its own words, but none that a rule drops", () => {
    const labels = { __name__: "up", a: "1", b: "2" };
    const stream = openStream({ dropMetrics: ["^dropped"] });
    const request = [
      { labels, samples: [sample(1), sample(2, 2)] },
      { labels: { ...labels, __name__: "dropped" }, samples: [sample(1)] },
    ];
    for (let time = 0; time < 2; time++) {
      const { refused, refusals, dropped } = intakeOf(request, stream, strict);
      assert.deepEqual([...refused], [["not_readable_by_skyline", 2]]);
      assert.deepEqual(refusals, [{ series: 0, reason: "not_readable_by_skyline", detail: "acme has too many" }]);
      assert.deepEqual([...dropped], [["drop_metrics", 1]]);
    }
  });
});

test("an intake whose sender's patterns are too slow comes to nothing, and nothing of it is remembered", () => {
  let nowMs = 0;
  const budget = new RegexBudget({ elapsedMs: () => nowMs++ * 1000, cpuMs: () => nowMs * 1000 });
  const source = { origin: "headers", dropMetrics: ["^u.$"], doNotDropMetrics: [], dropLabels: [] } as const;
  const compiled = compileRules([source], { maxPatterns: 1, maxPatternBytes: 100 }, budget);
  assert.ok(compiled.ok);
  const sender = { tenant: "acme", server: "s1", namespace: "acme", keyIndex: 0 };
  const stream = new SeriesTable(new TextSeriesIndex(), 10).openStream(new Stream(sender, compiled.rules));
  const decoded = referenceCodec.decodeWriteRequest(
    encodeWriteRequest([{ labels: { __name__: "down" }, samples: [sample(1)] }]),
  );
  assert.ok(decoded.ok);
  assert.equal(takeIn(decoded.request, stream, deciding, ANY_TIME), undefined);
  assert.deepEqual([...stream.recallAll(decoded.request).codes], [UNKNOWN]);
});
