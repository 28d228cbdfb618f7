import { createBlockFingerprint } from "../../../../services/horizon/block-fingerprint.ts";
import { type CycleDeps, type CycleSignals, runCycle, type ShardWork } from "../../../../services/horizon/cycle.ts";
import { LeaseLostError } from "../../../../services/horizon/shard-lease.ts";
import { createShards } from "../../../../services/horizon/shard-work.ts";
import type { RunScript } from "../../../../services/shared/redis-scripts/run-script.ts";
import type { Settings } from "../../../../settings/schema.ts";
import { type CallEnd, CallScheduler, ConnectionLost } from "./call-scheduler.ts";
import { createModelSink } from "./model-sink.ts";
import type { ModelStore } from "./model-store.ts";
import { scheduledRedis, scheduledScripts } from "./scheduled-redis.ts";

const fingerprint = await createBlockFingerprint();

export interface ModelInstanceOptions {
  /** Of a real Horizon; Redis, stores, clock and skip lists are put in their place. */
  readonly deps: CycleDeps;
  readonly settings: Settings;
  readonly runScript: RunScript;
  /** A name that no other instance had or will have. */
  readonly holder: string;
  readonly stores: readonly ModelStore[];
  readonly skipLists: CycleDeps["skipLists"];
  /** By this instance's own clock. */
  readonly now: () => number;
  readonly monotonicMs: () => number;
  readonly onCallEnd: (instance: ModelInstance, end: CallEnd) => void;
  readonly onTake: (instance: ModelInstance) => void;
}

/** One process of Horizon, from its start to its end. */
export class ModelInstance {
  readonly scheduler: CallScheduler;
  readonly #deps: CycleDeps;
  readonly #work: ShardWork;
  readonly #onTake: ModelInstanceOptions["onTake"];
  #isHolding = false;

  constructor(options: ModelInstanceOptions) {
    const { deps, settings, runScript, holder, stores, skipLists, now, monotonicMs, onCallEnd, onTake } = options;
    this.scheduler = new CallScheduler((end) => onCallEnd(this, end));
    this.#onTake = onTake;
    const redis = scheduledRedis(deps.redis, this.scheduler);
    const sinks = stores.map((store) => createModelSink(store, this.scheduler));
    this.#deps = { ...deps, redis, sinks, skipLists, now, sliceBlocks: settings.HORIZON_SLICE_BLOCKS };
    const [work] = createShards({
      ...{ settings, redis, holder, monotonicMs, fingerprint },
      runScript: scheduledScripts(runScript, this.scheduler),
    });
    if (!work) {
      throw new Error("there is no shard");
    }
    this.#work = work;
  }

  /**
   * One cycle, where the shard is this instance's or free. Like a real instance it then keeps the shard.
   * @throws whatever is neither a fault that was asked for nor a lost lease.
   */
  async cycle({ stopping, abort }: CycleSignals): Promise<void> {
    try {
      if (await this.#hold()) {
        const signal = AbortSignal.any([abort, this.#work.lease.lost]);
        await runCycle(this.#deps, this.#work, this.#deps.now(), { stopping, abort: signal });
      }
    } catch (error) {
      const isAsked = error instanceof ConnectionLost || error instanceof LeaseLostError || error === abort.reason;
      if (!isAsked) {
        throw error;
      }
    }
    if (this.#work.lease.lost.aborted) {
      this.#isHolding = false;
      this.#work.series.clear();
      this.#work.resting.clear();
    }
  }

  /** Gives the shard back. */
  async release(): Promise<void> {
    if (this.#isHolding) {
      this.#isHolding = false;
      await this.#work.lease.release();
    }
  }

  async #hold(): Promise<boolean> {
    const { lease } = this.#work;
    if (this.#isHolding) {
      await lease.renew();
      return true;
    }
    if (!(await lease.take())) {
      return false;
    }
    this.#isHolding = true;
    this.#onTake(this);
    return true;
  }
}
