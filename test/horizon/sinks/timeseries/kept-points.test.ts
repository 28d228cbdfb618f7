import assert from "node:assert/strict";
import { test } from "node:test";
import type { KnownSeries } from "../../../../services/horizon/known-series.ts";
import { SeriesTable } from "../../../../services/horizon/series-table.ts";
import { KeptPoints } from "../../../../services/horizon/sinks/timeseries/kept-points.ts";
import { createRandom } from "../../../support/random.ts";
import { knownSeries } from "../../support/known-series.ts";

const a = knownSeries(1n, { __name__: "a" });
const b = knownSeries(2n, { __name__: "b" });
const WINDOW_MS = 60;
const A = 0;
const B = 1;

function open(series = [a, b]): KeptPoints {
  const kept = new KeptPoints(WINDOW_MS, [0x9e3779b1, 0x85ebca77]);
  kept.begin(tableOf(series));
  return kept;
}

/** A table that gives these series the numbers 0, 1, 2, … */
function tableOf(series: readonly KnownSeries[]): SeriesTable {
  const table = new SeriesTable();
  for (const one of series) {
    table.adopt(one);
  }
  return table;
}

/** Of each window its start, and id, time, owner and value of its points. */
function contents(kept: KeptPoints) {
  const { columns } = kept;
  const { storedAtMs, owners, values } = columns;
  return kept
    .windows()
    .map(({ startMs, rows }) => [
      startMs,
      Array.from(rows, (row) => [columns.seriesAt(row).id, storedAtMs[row], owners[row], values[row]]),
    ]);
}

test("of the points for one place the newest is kept, and each of the others is told of", () => {
  const kept = open();
  assert.equal(kept.offer(A, 0, 60, 70, 1), false);
  assert.equal(kept.offer(A, 1, 60, 90, 2), true);
  assert.equal(kept.offer(A, 2, 60, 80, 3), true);
  assert.equal(kept.offer(B, 3, 60, 61, 4), false);
  assert.equal(kept.size, 2);
  assert.deepEqual(contents(kept), [
    [
      60,
      [
        [1n, 60, 1, 2],
        [2n, 60, 3, 4],
      ],
    ],
  ]);
});

test("of points of one time the greater value is kept, whichever comes first", () => {
  for (const [x, y] of [
    [1, 2],
    [-1, -2],
    [0, -0],
  ] as const) {
    for (const [first, second] of [
      [x, y],
      [y, x],
    ] as const) {
      const kept = open();
      kept.offer(A, 0, 0, 5, first);
      kept.offer(A, 0, 0, 5, second);
      const value = kept.columns.values[0];
      assert.ok(Object.is(value, Math.max(x, y)), `${first}, ${second}: ${value}`);
    }
  }
});

test("points come window by window, in order of time, and are gone once they are forgotten", () => {
  const kept = open();
  const times = [130, 10, 60, 59, 119];
  for (let round = 0; round < 2; round++) {
    kept.begin(tableOf([a, b]));
    for (const time of times) {
      assert.equal(kept.offer(A, 0, time, time, time), false);
    }
    assert.deepEqual(
      contents(kept).map(([startMs, points]) => [startMs, [points].flat().map((point) => [point].flat()[1])]),
      [
        [0, [10, 59]],
        [60, [60, 119]],
        [120, [130]],
      ],
    );
    kept.clear();
    assert.equal(kept.size, 0);
    assert.deepEqual(kept.windows(), []);
  }
});

test("in whatever order many points come, each place has its newest", () => {
  const random = createRandom();
  const series = Array.from({ length: 700 }, (_, i) =>
    knownSeries(BigInt.asUintN(64, BigInt(i) * 0x9e3779b97f4a7c15n), { __name__: "m" }),
  );
  const kept = open(series);
  const want = new Map<string, [sampledAtMs: number, value: number]>();
  for (let i = 0; i < 20_000; i++) {
    const number = random.below(series.length);
    const sampledAtMs = random.below(2000);
    const storedAtMs = sampledAtMs - (sampledAtMs % WINDOW_MS);
    const place = `${series[number]?.id} ${storedAtMs}`;
    const known = want.get(place);
    assert.equal(kept.offer(number, 0, storedAtMs, sampledAtMs, i), known !== undefined);
    if (!known || sampledAtMs >= known[0]) {
      want.set(place, [sampledAtMs, i]);
    }
  }
  const { columns } = kept;
  const { storedAtMs, sampledAtMs, values } = columns;
  const rows = kept.windows().flatMap((window) => [...window.rows]);
  assert.equal(rows.length, want.size);
  for (const row of rows) {
    const place = `${columns.seriesAt(row).id} ${storedAtMs[row]}`;
    assert.deepEqual([sampledAtMs[row], values[row]], want.get(place), `${place}, seed ${random.seed}`);
  }
});

test("points stay with their series, and in their places, when later ones come from another table", () => {
  const kept = open([a, b]);
  kept.offer(A, 0, 0, 10, 1);
  kept.offer(B, 0, 0, 10, 2);
  kept.offer(B, 0, 60, 70, 3);
  kept.begin(tableOf([b]));
  assert.equal(kept.offer(0, 0, 0, 11, 4), true);
  assert.equal(kept.offer(0, 0, 60, 69, 5), true);
  assert.equal(kept.offer(0, 0, 120, 121, 6), false);
  assert.deepEqual(contents(kept), [
    [
      0,
      [
        [1n, 0, 0, 1],
        [2n, 0, 0, 4],
      ],
    ],
    [60, [[2n, 60, 0, 3]]],
    [120, [[2n, 120, 0, 6]]],
  ]);
});
