import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import type { ShardKeys } from "../shared/buffer-keys.ts";
import type { SpareSpaces } from "../shared/column-space.ts";
import { generationAt } from "../shared/generation.ts";
import type { Logger } from "../shared/logger.ts";
import type { BacklogCap } from "./backlog-cap.ts";
import { ClaimLedger, type UncountedTallies } from "./claim-ledger.ts";
import type { ClaimState, SinkName } from "./claim-state.ts";
import type { DeadLetterCounts, Scan, ShardClaims } from "./claims.ts";
import { forgetGenerations } from "./generations.ts";
import type { HorizonMetrics } from "./metrics.ts";
import { type ParkedRest, retryParkedBlocks } from "./parked-blocks.ts";
import { type Phase, PhaseTimes } from "./phase-times.ts";
import type { RestingDeliveries } from "./resting-deliveries.ts";
import type { SeriesCache } from "./series-cache.ts";
import { serveSink } from "./serve-sink.ts";
import type { ShardLease } from "./shard-lease.ts";
import { SharedReads } from "./shared-reads.ts";
import type { SinkReport } from "./sink-turn.ts";
import type { Sink } from "./sinks/sink.ts";
import type { SkipLists } from "./skip-lists.ts";
import { TakenOut } from "./taken-out.ts";
import type { BlockReading, SliceInSpace } from "./usable-slices.ts";

/** What every cycle needs, whatever the shard. */
export interface CycleDeps {
  readonly redis: Redis;
  readonly sinks: readonly Sink[];
  readonly skipLists: () => SkipLists;
  readonly metrics: HorizonMetrics;
  readonly logger: Logger;
  readonly now: () => number;
  readonly checksum: (bytes: Uint8Array) => number;
  /** Where slices are put. */
  readonly spaces: SpareSpaces;
  /** How long a cycle that begins now may take, so that every shard has its turn in every interval. */
  readonly turnMs: () => number;
  /** The part of that in which a backlog may be delivered. */
  readonly drainShare: number;
  /** Of each sink. */
  readonly backlogCap: BacklogCap;
  readonly parkMs: number;
  readonly sliceBlocks: number;
}

/** One shard, and what is remembered of it from cycle to cycle. */
export interface ShardWork {
  readonly shard: number;
  readonly keys: ShardKeys;
  readonly lease: ShardLease;
  readonly claims: ShardClaims;
  readonly series: SeriesCache;
  readonly uncounted: UncountedTallies;
  readonly resting: RestingDeliveries;
  nextParked: number;
}

/** `stopping` asks to finish the claim at hand, `abort` to leave it; the latter when the lease is lost, too. */
export interface CycleSignals {
  readonly stopping: AbortSignal;
  readonly abort: AbortSignal;
}

/** What a cycle did. */
export interface CycleReport {
  readonly shard: number;
  readonly sinks: Partial<Record<SinkName, SinkReport>>;
  readonly finished: number;
  /** Claims that wait for one sink or the other, oldest first. */
  readonly remaining: readonly ClaimState[];
  readonly parkedBlocks: number;
  readonly bufferBytes: number;
  readonly deadLetters: DeadLetterCounts;
  /** What the cycle has gone into beside the turns of the sinks, in seconds. */
  readonly phaseSeconds: Partial<Record<Phase, number>>;
}

/**
 * One cycle over one shard (DESIGN 5.6), whose lease has been taken.
 * @param nowMs when it begins.
 * @throws what Redis throws, LeaseLostError, and the reason of `signals.abort`. Whatever it was, the next cycle goes on
 *   from there, here or in another instance.
 */
export async function runCycle(
  deps: CycleDeps,
  work: ShardWork,
  nowMs: number,
  signals: CycleSignals,
): Promise<CycleReport> {
  const phases = new PhaseTimes(deps.now);
  const reading = readingOf(deps, work);
  const parked = await phases.measure("parked", () => retryParked(deps, work, reading));
  const ledger = await phases.measure("claim", () => claimAndList(deps, work, nowMs));
  const sinks = await serveSinks(deps, work, reading, ledger, { ...signals, ...turnEnds(deps, nowMs) });
  const { finished, bufferBytes } = await phases.measure("finish", async () => ({
    finished: await ledger.finishConfirmed(deps.sinks.map(({ name }) => name)),
    bufferBytes: await forgetOldGenerations(deps, work, ledger, parked, reading.takenOut.size),
  }));
  const phaseSeconds = phases.seconds();
  deps.metrics.observePhases(phaseSeconds);
  return {
    ...{ shard: work.shard, sinks, finished, remaining: ledger.remaining(), phaseSeconds },
    ...{ parkedBlocks: parked.blocks, bufferBytes, deadLetters: await work.claims.deadLetterCounts() },
  };
}

function readingOf(deps: CycleDeps, work: ShardWork): BlockReading {
  const { sinks, skipLists, metrics, logger, now, sliceBlocks, checksum, spaces } = deps;
  const { claims, series } = work;
  const shared = {
    scans: new SharedReads<Scan>(sinks.length),
    slices: new SharedReads<SliceInSpace>(sinks.length, ({ space }) => spaces.giveBack(space)),
  };
  const perCycle = { takenOut: new TakenOut(), epoch: randomUUID(), ...shared };
  return { claims, series, skipLists, metrics, logger, now, sliceBlocks, checksum, spaces, ...perCycle };
}

async function retryParked(deps: CycleDeps, work: ShardWork, reading: BlockReading): Promise<ParkedRest> {
  const limits = { parkMs: deps.parkMs, sinks: deps.sinks.map(({ name }) => name) };
  const parked = await retryParkedBlocks(reading, limits, work.nextParked);
  work.nextParked = parked.next;
  return parked;
}

async function claimAndList({ metrics }: CycleDeps, work: ShardWork, nowMs: number): Promise<ClaimLedger> {
  metrics.countBlocks(await work.claims.claim(nowMs));
  return new ClaimLedger(work.claims, metrics, work.uncounted, await work.claims.list());
}

interface TurnEnds {
  readonly endMs: number;
  readonly drainEndMs: number;
}

function turnEnds({ turnMs, drainShare }: CycleDeps, nowMs: number): TurnEnds {
  const ms = turnMs();
  return { endMs: nowMs + ms, drainEndMs: nowMs + ms * drainShare };
}

/** Each sink at its own pace. All come to their end before any failure is passed on. */
async function serveSinks(
  { sinks, metrics, logger, now, backlogCap: cap }: CycleDeps,
  { resting }: ShardWork,
  reading: BlockReading,
  ledger: ClaimLedger,
  { abort: signal, ...ends }: CycleSignals & TurnEnds,
): Promise<CycleReport["sinks"]> {
  const turn = { reading, ledger, metrics, logger, now, resting, cap, signal, ...ends };
  const turns = await Promise.allSettled(
    sinks.map((sink) => serveSink({ ...turn, phases: new PhaseTimes(now) }, sink)),
  );
  const reports: CycleReport["sinks"] = {};
  for (const [i, { name }] of sinks.entries()) {
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
