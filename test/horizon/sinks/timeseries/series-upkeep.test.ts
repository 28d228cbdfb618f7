import assert from "node:assert/strict";
import { test } from "node:test";
import { SeriesUpkeep, seriesTtlMs, UpkeepMarks } from "../../../../services/horizon/sinks/timeseries/series-upkeep.ts";

const RETENTION = 86_400_000;
const HOUR = RETENTION / 24;
const NOW = Date.UTC(2026, 0, 1, 12, 34, 56);
const SLOT = 5;
const ID_LOW = 0x9e3779b9 | 0;

test("a series is due when it is new, and then once in a period", () => {
  const upkeep = new SeriesUpkeep(RETENTION);
  const marks = new UpkeepMarks();
  assert.equal(upkeep.due(marks, SLOT, NOW), "expiry");
  upkeep.done(marks, SLOT, ID_LOW, NOW);
  let dues = 0;
  for (let nowMs = NOW; nowMs < NOW + RETENTION; nowMs += 60_000) {
    if (upkeep.due(marks, SLOT, nowMs) === "all") {
      dues++;
      upkeep.done(marks, SLOT, ID_LOW, nowMs);
    }
  }
  assert.equal(dues, 24);
  assert.equal(upkeep.due(marks, SLOT - 1, NOW), "expiry");
  assert.equal(upkeep.due(marks, SLOT + 1, NOW), "expiry");
});

test("series that were new together are due at different moments", () => {
  const upkeep = new SeriesUpkeep(RETENTION);
  const marks = new UpkeepMarks();
  const all = Array.from({ length: 600 }, (_, slot) => slot);
  for (const slot of all) {
    upkeep.done(marks, slot, Math.imul(slot, ID_LOW), NOW);
  }
  const due = all.filter((slot) => upkeep.due(marks, slot, NOW + HOUR / 2)).length;
  assert.ok(due > 200 && due < 400, `${due} of 600 are due after half a period`);
  assert.ok(all.every((slot) => upkeep.due(marks, slot, NOW + HOUR)));
});

test("a series that was seen to outlives its retention until it is due again", () => {
  const upkeep = new SeriesUpkeep(RETENTION);
  const marks = new UpkeepMarks();
  upkeep.done(marks, SLOT, ID_LOW, NOW);
  // The last moment at which a sample may come without the expiry being put off.
  let lastMs = NOW;
  while (!upkeep.due(marks, SLOT, lastMs + 1000)) {
    lastMs += 1000;
  }
  assert.ok(NOW + seriesTtlMs(RETENTION) - lastMs >= RETENTION);
});

test("series of another origin are looked at as soon as they are met, and then like all others", () => {
  const upkeep = new SeriesUpkeep(RETENTION);
  const marks = new UpkeepMarks();
  upkeep.distrust();
  assert.equal(upkeep.due(marks, SLOT, NOW), "all");
  upkeep.done(marks, SLOT, ID_LOW, NOW);
  assert.equal(upkeep.due(marks, SLOT, NOW), undefined);
});
