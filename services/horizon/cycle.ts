import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import type { ShardKeys } from "../shared/buffer-keys.ts";
import { generationAt } from "../shared/generation.ts";
import type { Logger } from "../shared/logger.ts";
import { ClaimLedger, type UncountedTallies } from "./claim-ledger.ts";
import type { ClaimState, SinkName } from "./claim-state.ts";
import { LeaseLostError, type ShardClaims } from "./claims.ts";
import { forgetGenerations } from "./generations.ts";
import { holdLease } from "./hold-lease.ts";
import type { HorizonMetrics } from "./metrics.ts";
import { type ParkedRest, retryParkedBlocks } from "./parked-blocks.ts";
import type { SeriesCache } from "./series-cache.ts";
import { type SinkReport, serveSink } from "./serve-sink.ts";
import type { Sink } from "./sinks/sink.ts";
import type { SkipLists } from "./skip-lists.ts";
import { TakenOut } from "./taken-out.ts";
import type { BlockReading } from "./usable-slices.ts";

/** What every cycle needs, whatever the shard. */
export interface CycleDeps {
  readonly redis: Redis;
  readonly sinks: readonly Sink[];
  readonly skipLists: () => SkipLists;
  readonly metrics: HorizonMetrics;
  readonly logger: Logger;
  readonly now: () => number;
  readonly fingerprint: (block: Buffer) => string;
  readonly intervalMs: number;
  readonly leaseMs: number;
  readonly parkMs: number;
  readonly sliceBlocks: number;
}

/** One shard, and what is remembered of it from cycle to cycle. */
export interface ShardWork {
  readonly shard: number;
  readonly keys: ShardKeys;
  readonly claims: ShardClaims;
  readonly series: SeriesCache;
  readonly uncounted: UncountedTallies;
  nextParked: number;
}

/** `stopping` asks to finish the claim at hand, `abort` to leave it. */
export interface CycleSignals {
  readonly stopping: AbortSignal;
  readonly abort: AbortSignal;
}

/** What a cycle did. */
export interface CycleReport {
  readonly shard: number;
  /** `lease_busy`: another instance works this shard. `lease_lost`: another took it over meanwhile. */
  readonly outcome: "done" | "lease_busy" | "lease_lost";
  readonly sinks: Partial<Record<SinkName, SinkReport>>;
  readonly finished: number;
  /** Claims that wait for one sink or the other, oldest first. */
  readonly remaining: readonly ClaimState[];
  readonly parkedBlocks: number;
  readonly bufferBytes: number;
}

/**
 * One cycle over one shard (DESIGN 5.6).
 * @param nowMs when it begins.
 * @throws what Redis throws, and the reason of `signals.abort`. Whatever it was, the next cycle goes on from there.
 */
export async function runCycle(
  deps: CycleDeps,
  work: ShardWork,
  nowMs: number,
  signals: CycleSignals,
): Promise<CycleReport> {
  const { leaseMs, logger } = deps;
  try {
    const report = await holdLease({ claims: work.claims, leaseMs, logger }, signals.abort, async (abort) => {
      const reading = readingOf(deps, work);
      const parked = await retryParked(deps, work, reading);
      deps.metrics.countBlocks(await work.claims.claim(nowMs));
      const ledger = new ClaimLedger(work.claims, deps.metrics, work.uncounted, await work.claims.list());
      const sinks = await serveSinks(deps, reading, ledger, nowMs, { ...signals, abort });
      const finished = await ledger.finishConfirmed(deps.sinks.map(({ name }) => name));
      const bufferBytes = await forgetOldGenerations(deps, work, ledger, parked, reading.takenOut.size);
      const remaining = ledger.remaining();
      return {
        shard: work.shard,
        outcome: "done" as const,
        sinks,
        finished,
        remaining,
        bufferBytes,
        ...countOf(parked),
      };
    });
    return report ?? emptyReport(work.shard, "lease_busy");
  } catch (error) {
    if (!(error instanceof LeaseLostError)) {
      throw error;
    }
    deps.metrics.countLostLease();
    logger.warn({ shard: work.shard, reason: error.message }, "Another instance has this shard now");
    return emptyReport(work.shard, "lease_lost");
  }
}

function readingOf(deps: CycleDeps, work: ShardWork): BlockReading {
  const { skipLists, metrics, logger, now, sliceBlocks, fingerprint } = deps;
  const { claims, series } = work;
  const perCycle = { takenOut: new TakenOut(), epoch: randomUUID() };
  return { claims, series, skipLists, metrics, logger, now, sliceBlocks, fingerprint, ...perCycle };
}

async function retryParked(deps: CycleDeps, work: ShardWork, reading: BlockReading): Promise<ParkedRest> {
  const limits = { parkMs: deps.parkMs, sinks: deps.sinks.map(({ name }) => name) };
  const parked = await retryParkedBlocks(reading, limits, work.nextParked);
  work.nextParked = parked.next;
  return parked;
}

/** Each sink at its own pace. All come to their end before any failure is passed on. */
async function serveSinks(
  deps: CycleDeps,
  reading: BlockReading,
  ledger: ClaimLedger,
  nowMs: number,
  { stopping, abort }: CycleSignals,
): Promise<CycleReport["sinks"]> {
  const { metrics, logger, now } = deps;
  const turn = { reading, ledger, metrics, logger, now, endMs: nowMs + deps.intervalMs, stopping, signal: abort };
  const turns = await Promise.allSettled(deps.sinks.map((sink) => serveSink(turn, sink)));
  const reports: CycleReport["sinks"] = {};
  for (const [i, { name }] of deps.sinks.entries()) {
    const outcome = turns[i];
    if (outcome?.status === "rejected") {
      throw outcome.reason;
    }
    if (outcome) {
      reports[name] = outcome.value;
    }
  }
  return reports;
}

/** @returns the bytes in the buffer. */
async function forgetOldGenerations(
  { redis, now }: CycleDeps,
  { claims, keys }: ShardWork,
  ledger: ClaimLedger,
  parked: ParkedRest,
  takenOut: number,
): Promise<number> {
  const { bytes, unclaimedSinceGeneration } = await claims.bufferSize();
  await forgetGenerations(redis, keys, {
    current: generationAt(now()),
    claims: ledger.remaining().map(({ oldestGeneration }) => oldestGeneration),
    // What was parked in this very cycle may name any generation of its claim.
    parked: takenOut === 0 ? parked.oldestGeneration : undefined,
    unclaimed: unclaimedSinceGeneration,
  });
  return bytes;
}

function countOf({ blocks }: ParkedRest): { parkedBlocks: number } {
  return { parkedBlocks: blocks };
}

function emptyReport(shard: number, outcome: "lease_busy" | "lease_lost"): CycleReport {
  return { shard, outcome, sinks: {}, finished: 0, remaining: [], parkedBlocks: 0, bufferBytes: 0 };
}
