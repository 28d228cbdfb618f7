import { type CycleDeps, type CycleReport, type CycleSignals, runCycle, type ShardWork } from "./cycle.ts";
import type { ShardBoard } from "./shard-board.ts";

/**
 * Works one shard once: a cycle, timed, and on the board when it has ended well.
 * @returns what the cycle did. @throws what the cycle throws.
 */
export async function runRound(
  deps: CycleDeps,
  work: ShardWork,
  board: ShardBoard,
  signals: CycleSignals,
): Promise<CycleReport> {
  const startMs = deps.now();
  try {
    const report = await runCycle(deps, work, startMs, signals);
    board.note(report, deps.now());
    return report;
  } finally {
    deps.metrics.observeCycle((deps.now() - startMs) / 1000);
  }
}
