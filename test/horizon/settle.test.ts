import assert from "node:assert/strict";
import { test } from "node:test";
import type { SinkProgress } from "../../services/horizon/claim-state.ts";
import { type Settlement, settle } from "../../services/horizon/settle.ts";
import { Tally } from "../../services/horizon/tally.ts";

const SETTLE_MS = 30_000;
const delivered = (proof?: string): SinkProgress => ({
  state: "delivered",
  storeRanMs: 1000,
  ...(proof !== undefined && { proof }),
  tally: new Tally(),
});
const { storeRanMs: _, ...undated } = delivered("1");

type Row = [
  name: string,
  SinkProgress,
  settleMs: number | undefined,
  ranMs: number,
  proof: string | undefined,
  Settlement,
];
const table: Row[] = [
  ["too early, still the same process", delivered("1"), SETTLE_MS, 30_999, "1", "wait"],
  ["long enough the same process", delivered("1"), SETTLE_MS, 31_000, "1", "confirm"],
  ["another process, long after", delivered("1"), SETTLE_MS, 90_000, "2", "deliver_again"],
  ["another process, at once", delivered("1"), SETTLE_MS, 1001, "2", "deliver_again"],
  ["a store that no longer says when it was started", delivered("1"), SETTLE_MS, 90_000, undefined, "deliver_again"],
  ["a store that never said when it was started", delivered(), SETTLE_MS, 1001, undefined, "confirm"],
  ["a store that keeps what it acknowledges", delivered("1"), undefined, 1001, "2", "confirm"],
  ["the time of a clock that began anew", delivered("1"), SETTLE_MS, 0, "1", "wait"],
  ["no word of how long it had run", undated, SETTLE_MS, 90_000, "1", "wait"],
];

for (const [name, progress, settleMs, ranMs, proof, want] of table) {
  test(`settling: ${name}: ${want}`, () => {
    assert.equal(settle(progress, settleMs, { proof, ranMs }), want);
  });
}
