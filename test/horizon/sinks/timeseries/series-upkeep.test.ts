import assert from "node:assert/strict";
import { test } from "node:test";
import { SeriesUpkeep, seriesTtlMs } from "../../../../services/horizon/sinks/timeseries/series-upkeep.ts";
import { knownSeries } from "../../support/known-series.ts";

const RETENTION = 86_400_000;
const HOUR = RETENTION / 24;
const NOW = Date.UTC(2026, 0, 1, 12, 34, 56);

test("a series is due when it is new, and then once in a period", () => {
  const upkeep = new SeriesUpkeep(RETENTION);
  const series = knownSeries(BigInt(HOUR) * 5n + 7n, { __name__: "a" });
  assert.equal(upkeep.due(series, NOW), "expiry");
  upkeep.done(series, NOW);
  let dues = 0;
  for (let nowMs = NOW; nowMs < NOW + RETENTION; nowMs += 60_000) {
    if (upkeep.due(series, nowMs) === "all") {
      dues++;
      upkeep.done(series, nowMs);
    }
  }
  assert.equal(dues, 24);
});

test("series that were new together are due at different moments", () => {
  const upkeep = new SeriesUpkeep(RETENTION);
  const all = Array.from({ length: 600 }, (_, i) => knownSeries(BigInt(i) * 0x9e3779b97f4a7c15n, { __name__: "a" }));
  for (const series of all) {
    upkeep.done(series, NOW);
  }
  const due = all.filter((series) => upkeep.due(series, NOW + HOUR / 2)).length;
  assert.ok(due > 200 && due < 400, `${due} of 600 are due after half a period`);
  assert.ok(all.every((series) => upkeep.due(series, NOW + HOUR)));
});

test("a series that was seen to outlives its retention until it is due again", () => {
  const upkeep = new SeriesUpkeep(RETENTION);
  const series = knownSeries(3n, { __name__: "a" });
  upkeep.done(series, NOW);
  // The last moment at which a sample may come without the expiry being put off.
  let lastMs = NOW;
  while (!upkeep.due(series, lastMs + 1000)) {
    lastMs += 1000;
  }
  assert.ok(NOW + seriesTtlMs(RETENTION) - lastMs >= RETENTION);
});

test("series of another origin are looked at as soon as they are met, and then like all others", () => {
  const upkeep = new SeriesUpkeep(RETENTION);
  const series = knownSeries(4n, { __name__: "a" });
  upkeep.distrust();
  assert.equal(upkeep.due(series, NOW), "all");
  upkeep.done(series, NOW);
  assert.equal(upkeep.due(series, NOW), undefined);
});
