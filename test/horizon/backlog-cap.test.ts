import assert from "node:assert/strict";
import { test } from "node:test";
import { type BacklogCap, excessClaims } from "../../services/horizon/backlog-cap.ts";
import type { ClaimState } from "../../services/horizon/claim-state.ts";

const MINUTE = 60_000;
const NOW = 100 * MINUTE;

/** A claim of 10 bytes, so many minutes old. */
function claim(minutes: number): ClaimState {
  return { id: `${minutes}`, claimedAtMs: NOW - minutes * MINUTE, bytes: 10, oldestGeneration: 1, sinks: {} };
}

const table: [name: string, ages: number[], cap: BacklogCap, excess: string[]][] = [
  ["without a cap nothing is", [0, 1, 9000], { maxBytes: 0, maxAgeMs: 0 }, []],
  ["an empty backlog has nothing over", [], { maxBytes: 1, maxAgeMs: 1 }, []],
  ["what fits to the byte stays", [0, 1, 2], { maxBytes: 30, maxAgeMs: 0 }, []],
  [
    "the oldest beyond the bytes are, oldest first",
    [0, 1, 2, 3],
    { maxBytes: 29, maxAgeMs: 0 },
    ["3 large", "2 large"],
  ],
  ["the newest stays, however large", [0, 1], { maxBytes: 5, maxAgeMs: 0 }, ["1 large"]],
  ["the newest stays, however old", [50], { maxBytes: 0, maxAgeMs: MINUTE }, []],
  ["what is as old as allowed stays", [0, 2, 3], { maxBytes: 0, maxAgeMs: 2 * MINUTE }, ["3 old"]],
  ["age counts before bytes", [0, 1, 2, 3], { maxBytes: 10, maxAgeMs: 2 * MINUTE }, ["3 old", "2 large", "1 large"]],
];

for (const [name, ages, cap, expected] of table) {
  test(`over the cap of a backlog: ${name}`, () => {
    const excess = excessClaims(ages.map(claim), cap, NOW);
    assert.deepEqual(
      excess.map(({ claim: { id }, reason }) => `${id} ${reason.replace("backlog_too_", "")}`),
      expected,
    );
  });
}
