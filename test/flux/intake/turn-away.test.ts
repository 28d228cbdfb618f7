import assert from "node:assert/strict";
import { test } from "node:test";
import type { Intake } from "../../../services/flux/intake/intake.ts";
import { keptWithout, type TurnedAway, turnAway } from "../../../services/flux/intake/turn-away.ts";
import { addSeries, known } from "../support/known-series.ts";

function series(name: string): number {
  return addSeries([{ name: "__name__", value: name }]);
}

const [a, b, c] = [series("a"), series("b"), series("c")];

/** Of six samples in a request of five series, the third of which was refused. `b` came twice. */
const intake: Intake = {
  received: 7,
  kept: {
    series: Uint32Array.of(a, a, b, c, b),
    known,
    timestampsMs: Float64Array.of(1, 2, 3, 4, 5),
    valueBits: BigUint64Array.of(1n, 2n, 3n, 4n, 5n),
  },
  keptPositions: Uint32Array.of(0, 0, 1, 3, 4),
  dropped: new Map([["drop_metrics", 1]]),
  refused: new Map([["series_too_long", 1]]),
  refusals: [{ series: 2, reason: "series_too_long", detail: "d" }],
  merges: undefined,
  mergedSeries: 0,
  exemplars: 0,
};

function turnedAway(overQuota: number[], overLimit: number[]): TurnedAway {
  return { overQuota: new Set(overQuota), overLimit: new Set(overLimit), activeSeries: 9, maxActiveSeries: 8 };
}

test("nothing changes where every series has a place", () => {
  const everybodyIn = turnedAway([], []);
  assert.equal(turnAway(intake, everybodyIn), intake);
  assert.equal(keptWithout(intake.kept, everybodyIn), intake.kept);
});

test("what is over the quota becomes dropped, what is over the limit refused, sample by sample", () => {
  const out = turnAway(intake, turnedAway([a], [b]));
  assert.deepEqual(out.kept, {
    series: Uint32Array.of(c),
    known,
    timestampsMs: Float64Array.of(4),
    valueBits: BigUint64Array.of(4n),
  });
  assert.deepEqual([...out.keptPositions], [3]);
  assert.deepEqual(Object.fromEntries(out.dropped), { drop_metrics: 1, over_quota: 2 });
  assert.deepEqual(Object.fromEntries(out.refused), { series_too_long: 1, series_limit: 2 });
  assert.deepEqual(
    out.refusals.map(({ series: position, reason }) => [position, reason]),
    [
      [1, "series_limit"],
      [2, "series_too_long"],
      [4, "series_limit"],
    ],
    "in the order of the request",
  );
  assert.equal(out.received, intake.received);
});

test("the sender is told the limit, how much of it is used, and the first series without a place, cut", () => {
  const long = series("x".repeat(5000));
  const kept = { ...intake.kept, series: Uint32Array.of(long, long, long, c, c) };
  const [first] = turnAway({ ...intake, kept, refusals: [] }, turnedAway([], [long, c])).refusals;
  assert.match(
    first?.detail ?? "",
    /^the tenant has 9 active series, at most 8 .*; 2 of the request .* first: x{200}…$/,
  );
});
