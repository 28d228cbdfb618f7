import assert from "node:assert/strict";
import { test } from "node:test";
import type { KnownSeries } from "../../services/horizon/known-series.ts";
import { buildSlice, type ResolvedBlock } from "../../services/horizon/slice.ts";
import { knownSeries } from "./support/known-series.ts";

const a = knownSeries(1n, { __name__: "a" });
const b = knownSeries(2n, { __name__: "b" });

function block(tenant: string, namespace: string, samples: readonly [KnownSeries, number, bigint][]): ResolvedBlock {
  return {
    owner: { tenant, server: "s", namespace },
    series: samples.map(([series]) => series),
    samples: {
      ids: BigUint64Array.from(samples.map(([{ id }]) => id)),
      timestampsMs: Float64Array.from(samples.map(([, timestampMs]) => timestampMs)),
      valueBits: BigUint64Array.from(samples.map(([, , bits]) => bits)),
    },
  };
}

const skipNone = { skippedBy: () => undefined };

test("samples of one series from several blocks stand together, each with its own time and bits", () => {
  const slice = buildSlice(
    [
      block("t1", "n", [
        [a, 10, 1n],
        [b, 11, 2n],
      ]),
      block("t1", "n", [[a, 20, 0x7ff0000000000002n]]),
    ],
    skipNone,
  );
  const read = slice.groups.map(({ series, tenant, positions }) => [
    series.idText,
    tenant,
    positions.map((position) => [slice.timestampsMs[position], slice.valueBits[position]]),
  ]);
  assert.deepEqual(read, [
    [
      "0000000000000001",
      "t1",
      [
        [10, 1n],
        [20, 0x7ff0000000000002n],
      ],
    ],
    ["0000000000000002", "t1", [[11, 2n]]],
  ]);
  assert.deepEqual([...slice.claimed], [["t1", 3]]);
  assert.deepEqual([...slice.skipped], []);
});

test("skipped samples are counted per tenant and entry, and in no group", () => {
  const skipA = {
    skippedBy: (series: KnownSeries, { namespace }: { namespace: string }) =>
      series === a && namespace === "skip" ? "^a$" : undefined,
  };
  const slice = buildSlice(
    [
      block("t1", "skip", [
        [a, 1, 1n],
        [b, 1, 1n],
      ]),
      block("t2", "skip", [[a, 2, 2n]]),
      block("t2", "keep", [[a, 3, 3n]]),
    ],
    skipA,
  );
  assert.deepEqual(
    [...slice.claimed],
    [
      ["t1", 2],
      ["t2", 2],
    ],
  );
  assert.deepEqual(
    [...slice.skipped],
    [
      ["t1", new Map([["^a$", 1]])],
      ["t2", new Map([["^a$", 1]])],
    ],
  );
  assert.deepEqual(
    slice.groups.map(({ series, positions }) => [series, positions.map((at) => slice.timestampsMs[at])]),
    [
      [b, [1]],
      [a, [3]],
    ],
  );
});
