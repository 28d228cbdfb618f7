import assert from "node:assert/strict";
import { test } from "node:test";
import { keepBack } from "../../../../services/horizon/sinks/timeseries/keep-back.ts";
import { KeptPoints } from "../../../../services/horizon/sinks/timeseries/kept-points.ts";
import { PointOwners } from "../../../../services/horizon/sinks/timeseries/point-owners.ts";
import { Tally } from "../../../../services/horizon/tally.ts";
import { SPECIAL_VALUE_BITS } from "../../../support/special-values.ts";
import { knownSeries } from "../../support/known-series.ts";
import { type GroupSpec, sliceOf } from "../../support/slices.ts";

const a = knownSeries(1n, { __name__: "a" });
const b = knownSeries(2n, { __name__: "b" });
const TIMES = { oldestMs: 1000, newestMs: 9000 };

/** Keeps back some slices. @returns the points that are kept, and what was counted of the rest. */
function run(resolutionMs: number, ...slices: readonly GroupSpec[][]) {
  const kept = new KeptPoints(100, [1, 3]);
  const owners = new PointOwners();
  const tally = new Tally();
  for (const groups of slices) {
    keepBack({ kept, owners, tally, resolutionMs }, sliceOf(groups), TIMES);
  }
  const { storedAtMs, sampledAtMs, values } = kept.columns;
  const points = kept
    .windows()
    .flatMap(({ rows }) =>
      Array.from(rows, (row) => [
        kept.columns.seriesAt(row).idText.at(-1),
        storedAtMs[row],
        sampledAtMs[row],
        values[row],
      ]),
    );
  return {
    points,
    outdone: Object.fromEntries([...owners].map(({ tenant, outdone }) => [tenant, outdone])),
    skipped: Object.fromEntries([...tally].map(([tenant, { skipped }]) => [tenant, skipped])),
  };
}

const bits = (value: number) => new BigUint64Array(new Float64Array([value]).buffer)[0] ?? 0n;

test("of each bucket of a series the newest sample is kept, and the others are counted", () => {
  const { points, outdone } = run(100, [
    {
      series: a,
      samples: [
        [1010, bits(1)],
        [1090, bits(2)],
        [1100, bits(3)],
        [1350, bits(4)],
        [1399, bits(5)],
      ],
    },
    { series: b, tenant: "t2", samples: [[1020, bits(6)]] },
  ]);
  assert.deepEqual(points, [
    ["1", 1000, 1090, 2],
    ["2", 1000, 1020, 6],
    ["1", 1100, 1100, 3],
    ["1", 1300, 1399, 5],
  ]);
  assert.deepEqual(outdone, { t1: 2, t2: 0 });
});

test("a later slice may have the newer sample, or the older", () => {
  const first: GroupSpec[] = [
    { series: a, samples: [[1050, bits(1)]] },
    { series: b, samples: [[1050, bits(2)]] },
  ];
  const second: GroupSpec[] = [
    { series: b, samples: [[1040, bits(3)]] },
    { series: a, samples: [[1060, bits(4)]] },
  ];
  for (const slices of [
    [first, second],
    [second, first],
  ]) {
    const { points, outdone } = run(100, ...slices);
    assert.deepEqual(points.toSorted(), [
      ["1", 1000, 1060, 4],
      ["2", 1000, 1050, 2],
    ]);
    assert.deepEqual(outdone, { t1: 2 });
  }
});

test("without a resolution every sample is kept at its own time", () => {
  const { points, outdone } = run(0, [
    {
      series: a,
      samples: [
        [1010, bits(1)],
        [1010, bits(2)],
        [1011, bits(3)],
      ],
    },
  ]);
  assert.deepEqual(points, [
    ["1", 1010, 1010, 2],
    ["1", 1011, 1011, 3],
  ]);
  assert.deepEqual(outdone, { t1: 1 });
});

test("what cannot be stored takes no place, and is counted by reason", () => {
  const { points, outdone, skipped } = run(100, [
    {
      series: a,
      samples: [
        [-5, bits(1)],
        [999, bits(2)],
        [1010, bits(3)],
        [1020, SPECIAL_VALUE_BITS["stale marker"] ?? 0n],
        [1030, bits(Number.POSITIVE_INFINITY)],
        [9001, bits(4)],
      ],
    },
  ]);
  assert.deepEqual(points, [["1", 1000, 1010, 3]]);
  assert.deepEqual(outdone, { t1: 0 });
  assert.deepEqual(skipped, {
    t1: {
      negative_timestamp: 1,
      older_than_retention: 1,
      nan_not_storable: 1,
      infinity_not_storable: 1,
      too_far_ahead: 1,
    },
  });
});
