import { type CycleDeps, type CycleReport, type CycleSignals, runCycle, type ShardWork } from "./cycle.ts";

/** What the last rounds came to. */
export interface RoundLog {
  /** When the last round ended in which no cycle failed, in ms since 1970; undefined before the first. */
  lastGoodMs: number | undefined;
  reports: readonly CycleReport[];
}

/**
 * Works all shards, one after the other.
 * @throws the first failure, after all shards have had their turn.
 */
export async function runRound(
  deps: CycleDeps,
  shards: readonly ShardWork[],
  log: RoundLog,
  nowMs: number,
  signals: CycleSignals,
): Promise<void> {
  const reports: CycleReport[] = [];
  const failures: unknown[] = [];
  for (const work of shards) {
    if (signals.stopping.aborted) {
      break;
    }
    const startMs = deps.now();
    try {
      reports.push(await runCycle(deps, work, failures.length + reports.length === 0 ? nowMs : startMs, signals));
    } catch (error) {
      failures.push(error);
    }
    deps.metrics.observeCycle((deps.now() - startMs) / 1000);
  }
  if (failures.length > 0) {
    throw failures[0];
  }
  log.reports = reports;
  log.lastGoodMs = deps.now();
  deps.metrics.showRound(
    reports,
    deps.sinks.map(({ name }) => name),
    deps.now(),
  );
}
