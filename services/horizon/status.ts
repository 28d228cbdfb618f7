import type { Readiness } from "../shared/operations-server.ts";
import type { SinkName } from "./claim-state.ts";
import type { CycleReport } from "./cycle.ts";
import type { RoundLog } from "./round.ts";

/** Intervals without a finished round after which the loop counts as stuck, and the least time for that. */
const STUCK_INTERVALS = 3;
const MIN_STUCK_MS = 10_000;

/** What is asked when somebody asks whether Horizon is ready. */
export interface ReadinessProbes {
  /** Name of a thing that is needed, and how to ask it; rejects with the reason why it is not there. */
  readonly stores: Readonly<Record<string, () => Promise<unknown>>>;
  readonly log: RoundLog;
  readonly startedMs: number;
  readonly intervalMs: number;
}

/** Ready: every store answers, and rounds come to their end. */
export async function readReadiness(probes: ReadinessProbes, nowMs: number): Promise<Readiness> {
  const names = Object.keys(probes.stores);
  const answers = await Promise.allSettled(Object.values(probes.stores).map((ask) => ask()));
  const detail: Record<string, string> = {};
  for (const [i, name] of names.entries()) {
    const answer = answers[i];
    detail[name] = answer?.status === "rejected" ? messageOf(answer.reason) : "up";
  }
  const loop = describeLoop(probes, nowMs);
  const ready = answers.every(({ status }) => status === "fulfilled") && loop === "running";
  return { ready, detail: { ...detail, loop } };
}

function describeLoop({ log, startedMs, intervalMs }: ReadinessProbes, nowMs: number): string {
  const silentMs = nowMs - (log.lastGoodMs ?? startedMs);
  return silentMs <= Math.max(STUCK_INTERVALS * intervalMs, MIN_STUCK_MS)
    ? "running"
    : `no cycle has ended well for ${Math.round(silentMs / 1000)} s`;
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

export interface StatusFacts {
  readonly version: string;
  readonly startedMs: number;
  readonly intervalMs: number;
  readonly log: RoundLog;
  /** Addresses without user, password and query. */
  readonly stores: Readonly<Record<string, string>>;
  readonly sinks: readonly SinkName[];
}

/** What /-/status shows. */
export function describeStatus({ version, startedMs, intervalMs, log, stores, sinks }: StatusFacts): object {
  return {
    service: "horizon",
    version,
    startedAt: new Date(startedMs).toISOString(),
    intervalSeconds: intervalMs / 1000,
    stores,
    lastCycle: log.lastGoodMs === undefined ? null : new Date(log.lastGoodMs).toISOString(),
    pendingClaims: Object.fromEntries(sinks.map((sink) => [sink, countPending(log.reports, sink)])),
    shards: log.reports.map(({ remaining, ...report }) => ({ ...report, claims: remaining.length })),
  };
}

function countPending(reports: readonly CycleReport[], sink: SinkName): number {
  return reports.flatMap(({ remaining }) => remaining).filter(({ sinks }) => sinks[sink]?.state !== "confirmed").length;
}
