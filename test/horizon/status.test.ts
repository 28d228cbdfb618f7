import assert from "node:assert/strict";
import { test } from "node:test";
import type { CycleReport } from "../../services/horizon/cycle.ts";
import { describeStatus, readReadiness } from "../../services/horizon/status.ts";
import { Tally } from "../../services/horizon/tally.ts";

const up = async () => "PONG";
const down = async () => {
  throw new Error("cannot reach it");
};
const MINUTE = 60_000;

const table: [
  name: string,
  stores: Record<string, () => Promise<unknown>>,
  lastGoodMs: number | undefined,
  ready: boolean,
][] = [
  ["everything answers and a cycle has just ended", { buffer: up, timeseries: up }, 9.5 * MINUTE, true],
  ["the last cycle is three intervals ago", { buffer: up }, 7 * MINUTE, true],
  ["the last cycle is longer ago", { buffer: up }, 6.9 * MINUTE, false],
  ["no cycle has ended since a start long ago", { buffer: up }, undefined, false],
  ["a store does not answer", { buffer: up, timeseries: down }, 9.5 * MINUTE, false],
];

for (const [name, stores, lastGoodMs, ready] of table) {
  test(`Horizon is ${ready ? "" : "not "}ready when ${name}`, async () => {
    const log = { lastGoodMs, reports: [] };
    const answer = await readReadiness({ stores, log, startedMs: 0, intervalMs: MINUTE }, 10 * MINUTE);
    assert.equal(answer.ready, ready);
    assert.equal(answer.detail["buffer"], "up");
  });
}

test("a Horizon that has just started is ready before its first cycle has ended", async () => {
  const log = { lastGoodMs: undefined, reports: [] };
  const { ready } = await readReadiness({ stores: { buffer: up }, log, startedMs: 0, intervalMs: 100 }, 9000);
  assert.equal(ready, true);
});

test("the reason why a store is not there is shown", async () => {
  const log = { lastGoodMs: 0, reports: [] };
  const { detail } = await readReadiness({ stores: { buffer: down }, log, startedMs: 0, intervalMs: 100 }, 1);
  assert.deepEqual(detail, { buffer: "cannot reach it", loop: "running" });
});

test("the status counts the claims that each sink has yet to confirm", () => {
  const confirmed = { state: "confirmed", deliveredAtMs: 1, tally: new Tally() } as const;
  const claim = { id: "c", claimedAtMs: 1, bytes: 1, oldestGeneration: 1 };
  const report: CycleReport = {
    shard: 0,
    outcome: "done",
    sinks: {},
    finished: 0,
    remaining: [
      { ...claim, sinks: {} },
      { ...claim, sinks: { timeseries: confirmed } },
    ],
    parkedBlocks: 0,
    bufferBytes: 2,
  };
  const status = describeStatus({
    version: "1.2.3",
    startedMs: 0,
    intervalMs: MINUTE,
    log: { lastGoodMs: MINUTE, reports: [report] },
    stores: { buffer: "redis://h:1" },
    sinks: ["timeseries", "victoriametrics"],
  });
  assert.deepEqual(status, {
    service: "horizon",
    version: "1.2.3",
    startedAt: "1970-01-01T00:00:00.000Z",
    intervalSeconds: 60,
    stores: { buffer: "redis://h:1" },
    lastCycle: "1970-01-01T00:01:00.000Z",
    pendingClaims: { timeseries: 1, victoriametrics: 2 },
    shards: [{ shard: 0, outcome: "done", sinks: {}, finished: 0, parkedBlocks: 0, bufferBytes: 2, claims: 2 }],
  });
});
