import type { Readiness } from "../shared/operations-server.ts";
import { backlogOf } from "./backlog.ts";
import type { SinkName } from "./claim-state.ts";
import type { HeldShard, ShardBoard } from "./shard-board.ts";
import { pendingClaims } from "./shard-metrics.ts";

/** Intervals without a good end after which a thing done again and again counts as stuck, and the least time for that. */
const STUCK_INTERVALS = 3;
const MIN_STUCK_MS = 10_000;

/** What is asked when somebody asks whether Horizon is ready. */
export interface ReadinessProbes {
  /** Name of a thing that is needed, and how to ask it; rejects with the reason why it is not there. */
  readonly stores: Readonly<Record<string, () => Promise<unknown>>>;
  readonly board: ShardBoard;
  readonly startedMs: number;
  readonly intervalMs: number;
  /** How often this instance looks which shards it should have. */
  readonly lookMs: number;
}

/** Ready: every store answers, and the cycles over the shards that this instance has, if any, come to their end. */
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

function describeLoop({ board, startedMs, intervalMs, lookMs }: ReadinessProbes, nowMs: number): string {
  const blindMs = nowMs - (board.sight?.atMs ?? startedMs);
  if (isStuck(blindMs, lookMs)) {
    return `Redis has not said for ${Math.round(blindMs / 1000)} s which shards to work`;
  }
  for (const { shard, sinceMs, lastGoodMs } of board.held()) {
    const silentMs = nowMs - (lastGoodMs ?? sinceMs);
    if (isStuck(silentMs, intervalMs)) {
      return `no cycle over shard ${shard} has ended well for ${Math.round(silentMs / 1000)} s`;
    }
  }
  return "running";
}

function isStuck(silentMs: number, intervalMs: number): boolean {
  return silentMs > Math.max(STUCK_INTERVALS * intervalMs, MIN_STUCK_MS);
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

export interface StatusFacts {
  readonly version: string;
  readonly startedMs: number;
  readonly intervalMs: number;
  /** The name of this instance. */
  readonly self: string;
  readonly board: ShardBoard;
  /** Addresses without user, password and query. */
  readonly stores: Readonly<Record<string, string>>;
  readonly sinks: readonly SinkName[];
}

/** What /-/status shows. */
export function describeStatus({ version, startedMs, intervalMs, self, board, stores, sinks }: StatusFacts): object {
  const held = board.held();
  const lastGoodMs = Math.max(...held.map((one) => one.lastGoodMs ?? Number.NEGATIVE_INFINITY));
  return {
    service: "horizon",
    version,
    startedAt: timeText(startedMs),
    intervalSeconds: intervalMs / 1000,
    stores,
    instance: self,
    instances: board.sight?.instances ?? [],
    lastCycle: timeText(lastGoodMs),
    pendingClaims: Object.fromEntries(
      sinks.map((sink) => [sink, held.flatMap((one) => pendingClaims(one, sink)).length]),
    ),
    backlog: Object.fromEntries(sinks.map((sink) => [sink, describeBacklog(held, sink)])),
    shards: describeShards(self, board),
  };
}

/** What waits for a sink, in all shards that are held. */
function describeBacklog(held: readonly HeldShard[], sink: SinkName): object {
  const { claims, bytes, sinceMs } = backlogOf(
    held.flatMap(({ report }) => report?.remaining ?? []),
    sink,
  );
  return { claims, bytes, since: timeText(sinceMs ?? Number.NaN) };
}

/** Every shard with who works it: of our own what is known now, of the others what was seen at the last look. */
function describeShards(self: string, board: ShardBoard): object[] {
  const held = new Map(board.held().map((one) => [one.shard, one]));
  const owners = board.sight?.owners ?? [];
  const count = Math.max(owners.length, ...[...held.keys()].map((shard) => shard + 1));
  return Array.from({ length: count }, (_, shard) => {
    const own = held.get(shard);
    const holder = owners[shard] === self ? null : (owners[shard] ?? null);
    return own ? describeOwn(self, own) : { shard, holder };
  });
}

function describeOwn(self: string, { shard, sinceMs, lastGoodMs, report }: HeldShard): object {
  const { remaining, ...rest } = report ?? { remaining: [] };
  const since = { heldSince: timeText(sinceMs), lastCycle: timeText(lastGoodMs ?? Number.NaN) };
  return { ...rest, shard, holder: self, ...since, claims: remaining.length };
}

function timeText(ms: number): string | null {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null;
}
