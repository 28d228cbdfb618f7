import assert from "node:assert/strict";
import { test } from "node:test";
import type { KnownSeries } from "../../services/horizon/known-series.ts";
import { SeriesTable } from "../../services/horizon/series-table.ts";
import { buildSlice, type ResolvedBlock } from "../../services/horizon/slice.ts";
import { knownSeries } from "./support/known-series.ts";
import { samplesOf } from "./support/slices.ts";

const a = knownSeries(1n, { __name__: "a" });
const b = knownSeries(2n, { __name__: "b" });

function block(tenant: string, namespace: string, samples: readonly [KnownSeries, number, bigint][]): ResolvedBlock {
  // A table of its own for each, as if all named other generations.
  const table = new SeriesTable();
  return {
    owner: { tenant, server: "s", namespace },
    series: { table, numbers: Int32Array.from(samples, ([series]) => table.adopt(series)) },
    samples: {
      ids: BigUint64Array.from(samples.map(([{ id }]) => id)),
      timestampsMs: Float64Array.from(samples.map(([, timestampMs]) => timestampMs)),
      valueBits: BigUint64Array.from(samples.map(([, , bits]) => bits)),
    },
  };
}

const skipNone = { skipperOf: () => undefined };

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
  const read = [...slice.groups].map((group) => [group.series.idText, group.tenant, samplesOf(slice, group)]);
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
    skipperOf:
      (table: SeriesTable, { namespace }: { namespace: string }) =>
      (number: number) =>
        table.at(number).id === a.id && namespace === "skip" ? "^a$" : undefined,
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
    [...slice.groups].map((group) => [group.series, samplesOf(slice, group).map(([timestampMs]) => timestampMs)]),
    [
      [b, [1]],
      [a, [3]],
    ],
  );
});

test("a series that two generations know is one group, and its samples are in order of time, those of one time as they came", () => {
  const samples: [KnownSeries, number, bigint][] = [
    [a, 30, 3n],
    [a, 20, 2n],
    [a, 20, 0x7ff0000000000002n],
  ];
  const slice = buildSlice([block("t1", "n", samples), block("t1", "m", [[a, 25, 4n]])], skipNone);
  assert.deepEqual(
    [...slice.groups].map((group) => [group.series, group.namespace, samplesOf(slice, group)]),
    [
      [
        a,
        "m",
        [
          [20, 2n],
          [20, 0x7ff0000000000002n],
          [25, 4n],
          [30, 3n],
        ],
      ],
    ],
  );
});
