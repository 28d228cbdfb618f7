import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { Settings } from "../../settings/schema.ts";
import { loadBlockChecksum } from "../kernel/load-block-checksum.ts";
import { SpareSpaces } from "../shared/column-space.ts";
import type { Lifecycle } from "../shared/lifecycle.ts";
import type { Logger } from "../shared/logger.ts";
import { loadScripts } from "../shared/redis-scripts/run-script.ts";
import { createBlockFingerprint } from "./block-fingerprint.ts";
import type { CycleDeps, CycleReport, CycleSignals, ShardWork } from "./cycle.ts";
import { msUntilNext, runLoop } from "./loop.ts";
import { createMembership } from "./membership.ts";
import type { MetadataForwarder } from "./metadata/metadata-forwarder.ts";
import type { HorizonMetrics } from "./metrics.ts";
import { runRound } from "./round.ts";
import type { ShardBoard } from "./shard-board.ts";
import { ShardHoldings } from "./shard-holdings.ts";
import { createShards } from "./shard-work.ts";
import type { Sink } from "./sinks/sink.ts";
import type { SkipLists } from "./skip-lists.ts";
import { Turns, turnLengthMs } from "./turns.ts";

/** Metadata belongs to no shard: whoever works this one sends it on, so that of all instances one does. */
const METADATA_SHARD = 0;
/** The part of the shutdown time after which the claims at hand are left. */
const FINISH_SHARE = 0.8;

export interface WorkSurroundings {
  readonly settings: Settings;
  readonly redis: Redis;
  readonly sinks: readonly Sink[];
  /** Those that send metadata on; none where the settings say so. */
  readonly metadata: readonly MetadataForwarder[];
  readonly skipLists: () => SkipLists;
  /** The name of this instance. */
  readonly self: string;
  readonly board: ShardBoard;
  readonly metrics: HorizonMetrics;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
}

/** Begins to hold and work shards, until the service stops: then the claims at hand are finished, within a deadline. */
export async function startWork(surroundings: WorkSurroundings): Promise<void> {
  const { settings, lifecycle } = surroundings;
  const fingerprint = await createBlockFingerprint();
  const leave = new AbortController();
  const signals: CycleSignals = { stopping: lifecycle.signal, abort: leave.signal };
  const holdings = buildHoldings(surroundings, fingerprint, signals).run();
  lifecycle.onStop("shards", async () => {
    const timer = setTimeout(
      () => leave.abort(new Error("stopping: the claim at hand takes too long")),
      settings.HORIZON_SHUTDOWN_TIMEOUT_MS * FINISH_SHARE,
    );
    await holdings;
    clearTimeout(timer);
  });
}

/** How often an instance looks which shards to work: often enough to take over within two times that a lease lasts. */
export function lookIntervalMs({ HORIZON_LEASE_SECONDS }: Settings): number {
  return (HORIZON_LEASE_SECONDS * 1000) / 3;
}

function cycleDeps(surroundings: WorkSurroundings): CycleDeps {
  const { settings, redis, sinks, skipLists, metrics, logger, board } = surroundings;
  const intervalMs = settings.HORIZON_INTERVAL_SECONDS * 1000;
  return {
    ...{ redis, sinks, skipLists, metrics, logger, checksum: loadBlockChecksum(), spaces: new SpareSpaces() },
    now: Date.now,
    // However late in the interval a cycle begins, the next minute's claim comes at its end.
    turnMs: () =>
      Math.min(
        turnLengthMs(intervalMs, settings.HORIZON_SHARDS_AT_ONCE, board.held().length),
        msUntilNext(Date.now(), intervalMs),
      ),
    drainShare: settings.HORIZON_DRAIN_SHARE,
    backlogCap: {
      maxBytes: settings.HORIZON_BACKLOG_MAX_BYTES,
      maxAgeMs: settings.HORIZON_BACKLOG_MAX_AGE_SECONDS * 1000,
    },
    parkMs: settings.HORIZON_PARK_SECONDS * 1000,
    sliceBlocks: settings.HORIZON_SLICE_BLOCKS,
  };
}

function buildHoldings(
  surroundings: WorkSurroundings,
  fingerprint: (block: Buffer) => string,
  signals: CycleSignals,
): ShardHoldings {
  const { settings, redis, self, board, metrics, logger } = surroundings;
  const runScript = loadScripts(redis);
  const monotonicMs = () => performance.now();
  const shards = createShards({ settings, redis, runScript, holder: self, fingerprint, monotonicMs });
  const membership = createMembership({
    ...{ redis, runScript, self, keyPrefix: settings.REDIS_KEY_PREFIX },
    shards: shards.map(({ keys }) => keys),
    expiryMs: settings.HORIZON_LEASE_SECONDS * 1000,
  });
  return new ShardHoldings({
    ...{ membership, self, shards, board, metrics, logger, sleep, signals, now: Date.now },
    lookMs: lookIntervalMs(settings),
    work: createShardWorker(surroundings, cycleDeps(surroundings)),
  });
}

/** Works a shard at once and then in every interval, of all shards so many at a time as the settings say. */
function createShardWorker(
  { settings, board, metadata, metrics, logger }: WorkSurroundings,
  deps: CycleDeps,
): (work: ShardWork, signals: CycleSignals) => Promise<void> {
  const turns = new Turns(settings.HORIZON_SHARDS_AT_ONCE);
  return (work, signals) =>
    runLoop({
      intervalMs: settings.HORIZON_INTERVAL_SECONDS * 1000,
      ...{ now: Date.now, sleep, logger: logger.child({ shard: work.shard }), stopping: signals.stopping },
      round: async () => {
        const report = await turns.run(() => runRound(deps, work, board, signals), signals.stopping);
        if (report?.shard === METADATA_SHARD && !signals.stopping.aborted) {
          beginMetadata(metadata, report);
        }
      },
      onFailure: () => metrics.countFailedCycle(),
    });
}

/** Lets metadata go to the stores that have taken what the cycle had for them; the others are to be left alone. */
function beginMetadata(forwarders: readonly MetadataForwarder[], { sinks }: CycleReport): void {
  for (const forwarder of forwarders) {
    if (sinks[forwarder.name]?.failure === undefined) {
      forwarder.begin();
    }
  }
}

/** Returns early when the signal is aborted. */
async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) {
      throw error;
    }
  });
}
