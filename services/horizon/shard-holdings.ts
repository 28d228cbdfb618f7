import type { Logger } from "../shared/logger.ts";
import { assignShards } from "./assign-shards.ts";
import type { CycleSignals, ShardWork } from "./cycle.ts";
import { holdLease } from "./hold-lease.ts";
import type { Membership } from "./membership.ts";
import type { HorizonMetrics } from "./metrics.ts";
import type { ShardBoard } from "./shard-board.ts";

export interface ShardHoldingsOptions {
  readonly membership: Membership;
  /** The name of this instance. */
  readonly self: string;
  /** All shards, by number. */
  readonly shards: readonly ShardWork[];
  /** Works a shard, cycle after cycle, until it is to stop. Must not reject. */
  readonly work: (shard: ShardWork, signals: CycleSignals) => Promise<void>;
  /** How often to look which shards this instance should have. */
  readonly lookMs: number;
  readonly board: ShardBoard;
  readonly metrics: Pick<HorizonMetrics, "countTakeover" | "countLostLease">;
  readonly logger: Pick<Logger, "info" | "warn">;
  readonly now: () => number;
  /** Returns when the time is over or the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Of the whole service. */
  readonly signals: CycleSignals;
}

/** A shard on its way from being taken to being given back. */
interface Holding {
  /** Asks to give the shard back when the claim at hand is done. */
  readonly giveUp: AbortController;
  readonly ended: Promise<void>;
}

/**
 * The shards that this instance works: its fair share, kept for as long as the share stays the same. A shard that
 * another instance gives back, or whose lease has run out because its holder died, is taken at the next look.
 */
export class ShardHoldings {
  readonly #options: ShardHoldingsOptions;
  readonly #holdings = new Map<number, Holding>();

  constructor(options: ShardHoldingsOptions) {
    this.#options = options;
  }

  /** Holds shards until the service stops; returns when all are given back. */
  async run(): Promise<void> {
    const { lookMs, sleep, signals, membership, logger } = this.#options;
    while (!signals.stopping.aborted) {
      await this.look().catch((error: unknown) => {
        logger.warn({ err: error }, "Could not look which shards to work; trying again");
      });
      await sleep(lookMs, signals.stopping);
    }
    await membership.leave().catch((error: unknown) => {
      logger.warn({ err: error }, "Could not say that this instance leaves; it is forgotten by itself");
    });
    await Promise.all([...this.#holdings.values()].map(({ ended }) => ended));
  }

  /** Gives up what is too much, and takes what is free and this instance's to take. @throws what Redis throws. */
  async look(): Promise<void> {
    const { membership, self, shards, board, now, signals } = this.#options;
    const instances = await membership.announce();
    const owners = await membership.owners();
    board.see({ atMs: now(), instances, owners });
    const plan = assignShards(owners, instances);
    for (const [shard, { giveUp }] of this.#holdings) {
      if (plan[shard] !== self) {
        giveUp.abort();
      }
    }
    for (const work of shards) {
      const owner = owners[work.shard];
      const isFree = (owner === undefined || owner === self) && !this.#holdings.has(work.shard);
      if (plan[work.shard] === self && isFree && !signals.stopping.aborted) {
        await this.#take(work);
      }
    }
  }

  async #take(work: ShardWork): Promise<void> {
    const { board, metrics, logger, now } = this.#options;
    const { shard } = work;
    const taken = await work.lease.take();
    if (!taken) {
      return;
    }
    if (taken.from === undefined) {
      logger.info({ shard }, "Took a shard");
    } else {
      metrics.countTakeover();
      logger.warn({ shard, from: taken.from }, "Took a shard over from an instance that has not given it back");
    }
    board.take(shard, now());
    const giveUp = new AbortController();
    this.#holdings.set(shard, { giveUp, ended: this.#hold(work, giveUp.signal) });
  }

  async #hold(work: ShardWork, givingUp: AbortSignal): Promise<void> {
    const { signals, logger } = this.#options;
    const { lease } = work;
    const { lost } = lease;
    const own = {
      stopping: AbortSignal.any([signals.stopping, givingUp, lost]),
      abort: AbortSignal.any([signals.abort, lost]),
    };
    await holdLease({ lease, logger }, () => this.#options.work(work, own));
    this.#drop(work);
  }

  #drop({ shard, lease, series, resting }: ShardWork): void {
    const { board, metrics, logger } = this.#options;
    const { aborted: isLost, reason } = lease.lost;
    this.#holdings.delete(shard);
    board.drop(shard);
    series.clear();
    resting.clear();
    if (isLost) {
      metrics.countLostLease();
      logger.warn({ shard, err: reason }, "Lost a shard; whoever has it next goes on from there");
    } else {
      logger.info({ shard }, "Gave a shard back");
    }
  }
}
