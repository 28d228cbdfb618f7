import assert from "node:assert/strict";
import { test } from "node:test";
import { KeptPoints } from "../../../../services/horizon/sinks/timeseries/kept-points.ts";
import { knownSeries } from "../../support/known-series.ts";

const a = knownSeries(1n, { __name__: "a" });
const b = knownSeries(2n, { __name__: "b" });
const point = (series: typeof a, storedAtMs: number, sampledAtMs: number, value: number) => ({
  ...{ series, storedAtMs, sampledAtMs, value },
  tenant: "t",
  namespace: "n",
  slot: -1,
});

test("of the points for one place the newest is kept, and each of the others is told of", () => {
  const kept = new KeptPoints(60);
  assert.equal(kept.offer(point(a, 60, 70, 1)), false);
  assert.equal(kept.offer(point(a, 60, 90, 2)), true);
  assert.equal(kept.offer(point(a, 60, 80, 3)), true);
  assert.equal(kept.offer(point(b, 60, 61, 4)), false);
  assert.equal(kept.size, 2);
  assert.deepEqual(kept.drain(), [{ startMs: 60, points: [point(a, 60, 90, 2), point(b, 60, 61, 4)] }]);
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
      const kept = new KeptPoints(60);
      kept.offer(point(a, 0, 5, first));
      kept.offer(point(a, 0, 5, second));
      const value = kept.drain()[0]?.points[0]?.value;
      assert.ok(Object.is(value, Math.max(x, y)), `${first}, ${second}: ${value}`);
    }
  }
});

test("points are given away once, window after window, in order of time", () => {
  const kept = new KeptPoints(60);
  for (const time of [130, 10, 60, 59, 119]) {
    kept.offer(point(a, time, time, time));
  }
  const windows = kept.drain().map(({ startMs, points }) => [startMs, points.map(({ value }) => value)]);
  assert.deepEqual(windows, [
    [0, [10, 59]],
    [60, [60, 119]],
    [120, [130]],
  ]);
  assert.equal(kept.size, 0);
  assert.deepEqual(kept.drain(), []);
});
