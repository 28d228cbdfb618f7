import assert from "node:assert/strict";
import { test } from "node:test";
import type { CycleReport } from "../../services/horizon/cycle.ts";
import { ShardBoard } from "../../services/horizon/shard-board.ts";
import { describeStatus, readReadiness } from "../../services/horizon/status.ts";
import { Tally } from "../../services/horizon/tally.ts";

const up = async () => "PONG";
const down = async () => {
  throw new Error("cannot reach it");
};
const MINUTE = 60_000;

const EVERY = { startedMs: 0, intervalMs: MINUTE, lookMs: 10_000 };
const NOW = 10 * MINUTE;

const deadLetters = { letters: 1, bytes: 600, evicted: 0 };
const report: CycleReport = {
  ...{ shard: 0, sinks: {}, finished: 0, remaining: [], parkedBlocks: 0, bufferBytes: 2, deadLetters },
  phaseSeconds: { claim: 0.5 },
};

/** A board on which this instance has shard 0 since a time, and looked last at another. */
function boardOf({
  lookedMs = NOW,
  sinceMs,
  lastGoodMs,
}: {
  lookedMs?: number;
  sinceMs?: number;
  lastGoodMs?: number;
}) {
  const board = new ShardBoard();
  board.see({ atMs: lookedMs, instances: ["me", "other"], owners: ["me", "other", undefined] });
  if (sinceMs !== undefined) {
    board.take(0, sinceMs);
  }
  if (lastGoodMs !== undefined) {
    board.note(report, lastGoodMs);
  }
  return board;
}

const table: [name: string, stores: Record<string, () => Promise<unknown>>, board: ShardBoard, ready: boolean][] = [
  [
    "everything answers and a cycle has just ended",
    { buffer: up, timeseries: up },
    boardOf({ sinceMs: 0, lastGoodMs: 9.5 * MINUTE }),
    true,
  ],
  ["the last cycle is three intervals ago", { buffer: up }, boardOf({ sinceMs: 0, lastGoodMs: 7 * MINUTE }), true],
  ["the last cycle is longer ago", { buffer: up }, boardOf({ sinceMs: 0, lastGoodMs: 6.9 * MINUTE }), false],
  ["no cycle has ended in a shard taken just now", { buffer: up }, boardOf({ sinceMs: 9 * MINUTE }), true],
  ["no cycle has ended in a shard taken long ago", { buffer: up }, boardOf({ sinceMs: MINUTE }), false],
  ["it has no shard, because others have them", { buffer: up }, boardOf({}), true],
  ["it could not look for long which shards to work", { buffer: up }, boardOf({ lookedMs: 9 * MINUTE }), false],
  ["it could never look since a start long ago", { buffer: up }, new ShardBoard(), false],
  ["a store does not answer", { buffer: up, timeseries: down }, boardOf({ sinceMs: 0, lastGoodMs: NOW }), false],
];

for (const [name, stores, board, ready] of table) {
  test(`Horizon is ${ready ? "" : "not "}ready when ${name}`, async () => {
    const answer = await readReadiness({ stores, board, ...EVERY }, NOW);
    assert.equal(answer.ready, ready);
    assert.equal(answer.detail["buffer"], "up");
  });
}

test("a Horizon that has just started is ready before it has looked for shards", async () => {
  const probes = { stores: { buffer: up }, board: new ShardBoard(), startedMs: 0, intervalMs: 100, lookMs: 100 };
  assert.equal((await readReadiness(probes, 9000)).ready, true);
});

test("the reason why a store is not there, and which shard is stuck, are shown", async () => {
  const board = boardOf({ sinceMs: 0 });
  const { detail } = await readReadiness({ stores: { buffer: down }, board, ...EVERY }, NOW);
  assert.deepEqual(detail, { buffer: "cannot reach it", loop: "no cycle over shard 0 has ended well for 600 s" });
});

test("the status counts the claims that each sink has yet to confirm, and names who has which shard", () => {
  const confirmed = { state: "confirmed", tally: new Tally() } as const;
  const claim = { id: "c", claimedAtMs: 1, bytes: 1, oldestGeneration: 1 };
  const board = boardOf({ sinceMs: 1000 });
  const remaining = [
    { ...claim, sinks: {} },
    { ...claim, sinks: { timeseries: confirmed } },
  ];
  board.note({ ...report, remaining }, MINUTE);
  board.take(3, 2000);
  const status = describeStatus({
    version: "1.2.3",
    startedMs: 0,
    intervalMs: MINUTE,
    self: "me",
    board,
    stores: { buffer: "redis://h:1" },
    sinks: ["timeseries", "victoriametrics"],
  });
  const own = { holder: "me", heldSince: "1970-01-01T00:00:01.000Z", lastCycle: "1970-01-01T00:01:00.000Z" };
  assert.deepEqual(status, {
    service: "horizon",
    version: "1.2.3",
    startedAt: "1970-01-01T00:00:00.000Z",
    intervalSeconds: 60,
    stores: { buffer: "redis://h:1" },
    instance: "me",
    instances: ["me", "other"],
    lastCycle: "1970-01-01T00:01:00.000Z",
    pendingClaims: { timeseries: 1, victoriametrics: 2 },
    backlog: {
      timeseries: { claims: 1, bytes: 1, since: "1970-01-01T00:00:00.001Z" },
      victoriametrics: { claims: 2, bytes: 2, since: "1970-01-01T00:00:00.001Z" },
    },
    shards: [
      {
        shard: 0,
        ...own,
        sinks: {},
        finished: 0,
        parkedBlocks: 0,
        bufferBytes: 2,
        deadLetters,
        phaseSeconds: { claim: 0.5 },
        claims: 2,
      },
      { shard: 1, holder: "other" },
      { shard: 2, holder: null },
      { shard: 3, holder: "me", heldSince: "1970-01-01T00:00:02.000Z", lastCycle: null, claims: 0 },
    ],
  });
});
