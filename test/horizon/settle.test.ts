import assert from "node:assert/strict";
import { test } from "node:test";
import type { SinkProgress } from "../../services/horizon/claim-state.ts";
import { type CurrentProof, type Settlement, settle } from "../../services/horizon/settle.ts";
import { Tally } from "../../services/horizon/tally.ts";

const SETTLE_MS = 30_000;
const delivered = (proof?: string): SinkProgress => ({
  state: "delivered",
  deliveredAtMs: 1000,
  ...(proof !== undefined && { proof }),
  tally: new Tally(),
});
const says = (proof: string | undefined): CurrentProof => ({ answers: true, proof });
const silent: CurrentProof = { answers: false };

const table: [name: string, SinkProgress, settleMs: number, nowMs: number, CurrentProof, Settlement][] = [
  ["too early, still the same process", delivered("1"), SETTLE_MS, 30_999, says("1"), "wait"],
  ["long enough the same process", delivered("1"), SETTLE_MS, 31_000, says("1"), "confirm"],
  ["another process, long after", delivered("1"), SETTLE_MS, 90_000, says("2"), "deliver_again"],
  ["another process, at once", delivered("1"), SETTLE_MS, 1001, says("2"), "deliver_again"],
  [
    "a store that no longer says when it was started",
    delivered("1"),
    SETTLE_MS,
    90_000,
    says(undefined),
    "deliver_again",
  ],
  ["a store that does not answer", delivered("1"), SETTLE_MS, 90_000, silent, "wait"],
  ["a store that never said when it was started", delivered(), SETTLE_MS, 1001, says(undefined), "confirm"],
  ["a store that keeps what it acknowledges", delivered("1"), 0, 1001, says("2"), "confirm"],
  ["a clock that was set back", delivered("1"), SETTLE_MS, 0, says("1"), "wait"],
];

for (const [name, progress, settleMs, nowMs, current, want] of table) {
  test(`settling: ${name}: ${want}`, () => {
    assert.equal(settle(progress, settleMs, nowMs, current), want);
  });
}
