import assert from "node:assert/strict";
import { test } from "node:test";
import { type BatchLimits, cutBatches } from "../../../../services/horizon/sinks/victoria/batches.ts";
import type { Slice } from "../../../../services/horizon/slice.ts";
import { knownSeries } from "../../support/known-series.ts";
import { samplesOf, sliceOf } from "../../support/slices.ts";

const a = knownSeries(1n, { __name__: "a" });
const b = knownSeries(2n, { __name__: "b" });
const c = knownSeries(3n, { __name__: "c", big: "x".repeat(1000) });
const wide: BatchLimits = { maxSamples: 100, maxBytes: 1_000_000, perTenant: false };

/** Batches as text: tenant, and per series its name with the times of its samples. */
function shape(slice: Slice, limits: Partial<BatchLimits>): string[] {
  const all = slice.groups.numbers.map((_, group) => group);
  return cutBatches(slice.groups, all, { ...wide, ...limits }).map(({ tenant, runs: { groups, firsts, counts } }) => {
    const parts = Array.from(groups, (group, i) => {
      const times = samplesOf(slice, { first: firsts[i] ?? 0, count: counts[i] ?? 0 });
      return `${slice.groups.at(group).series.id}:${times.map(([timestampMs]) => timestampMs)}`;
    });
    return `${tenant}|${parts.join(" ")}`;
  });
}

test("a batch has at most so many samples, and a long series is cut", () => {
  const slice = sliceOf([
    {
      series: a,
      samples: [
        [1, 0n],
        [2, 0n],
      ],
    },
    {
      series: b,
      samples: [
        [1, 0n],
        [2, 0n],
        [3, 0n],
        [4, 0n],
        [5, 0n],
      ],
    },
    { series: c, samples: [[1, 0n]] },
  ]);
  assert.deepEqual(shape(slice, { maxSamples: 3 }), ["|1:1,2", "|2:1,2,3", "|2:4,5 3:1"]);
});

test("a batch has at most so many bytes, but always a series", () => {
  const slice = sliceOf([
    { series: a, samples: [[1, 0n]] },
    { series: c, samples: [[1, 0n]] },
    { series: b, samples: [[1, 0n]] },
  ]);
  assert.deepEqual(shape(slice, { maxBytes: 200 }), ["|1:1", "|3:1", "|2:1"]);
});

test("tenants are kept apart only where requests are made per tenant", () => {
  const slice = sliceOf([
    { series: a, tenant: "t1", samples: [[1, 0n]] },
    { series: b, tenant: "t2", samples: [[1, 0n]] },
    { series: c, tenant: "t1", samples: [[1, 0n]] },
  ]);
  assert.deepEqual(shape(slice, { perTenant: true }), ["t1|1:1 3:1", "t2|2:1"]);
  assert.deepEqual(shape(slice, {}), ["|1:1 2:1 3:1"]);
});

test("groups that are not chosen are in no batch", () => {
  const slice = sliceOf([a, b, c].map((series) => ({ series, samples: [[1, 0n]] })));
  const batches = cutBatches(slice.groups, Int32Array.of(0, 2), wide);
  assert.deepEqual(
    batches.map(({ runs }) => [...runs.groups]),
    [[0, 2]],
  );
});

test("a slice without samples makes no request", () => {
  assert.deepEqual(shape(sliceOf([]), {}), []);
  assert.deepEqual(shape(sliceOf([]), { perTenant: true }), []);
});
