import assert from "node:assert/strict";
import type { Redis } from "ioredis";
import type { BacklogCap } from "../../../../services/horizon/backlog-cap.ts";
import type { CycleDeps } from "../../../../services/horizon/cycle.ts";
import { compileSkipLists } from "../../../../services/horizon/skip-lists.ts";
import { shardKeys } from "../../../../services/shared/buffer-keys.ts";
import type { RunScript } from "../../../../services/shared/redis-scripts/run-script.ts";
import { type Settings, settingsSchema } from "../../../../settings/schema.ts";
import { createRandom } from "../../../support/random.ts";
import { type BufferFiller, createBufferFiller } from "../buffer-filler.ts";
import { START_MS } from "../horizon-rig.ts";
import type { BufferView } from "./buffer-view.ts";
import type { CallEnd, FaultPlan } from "./call-scheduler.ts";
import { CountDoubt } from "./count-doubt.ts";
import type { CountedSamples } from "./counted-samples.ts";
import { assertFinished, assertSound, type Scene } from "./invariants.ts";
import { ModelFlux } from "./model-flux.ts";
import { ModelInstance } from "./model-instance.ts";
import { ModelStore } from "./model-store.ts";
import {
  type Cycle,
  type InstanceName,
  type Operation,
  PARK_MS,
  SETTLE_MS,
  type Sequence,
  SKIPPED_NAME,
  type StoreName,
} from "./operations.ts";
import { Truth } from "./truth.ts";

/** What sequences are run with, one after the other. */
export interface ModelBench {
  readonly redis: Redis;
  /** Of a real Horizon. */
  readonly deps: CycleDeps;
  readonly counted: CountedSamples;
  readonly runScript: RunScript;
}

const SETTINGS = settingsSchema.parse({ HORIZON_LEASE_SECONDS: 600 });
/** Cycles in which everything has to be done when all is well. */
const QUIET_CYCLES = 6;
let sequences = 0;

/**
 * Does what a sequence says on a real Redis, and then lets all be well until nothing waits any more.
 * @throws what is wrong, at the first moment at which it shows.
 */
export async function runSequence(bench: ModelBench, sequence: Sequence): Promise<void> {
  const world = await createWorld(bench, sequence);
  try {
    for (const operation of sequence.operations) {
      await world.perform(operation);
      await assertSound(world.scene);
    }
    await world.calmDown();
    await assertFinished(world.scene);
  } finally {
    await world.cleanUp();
  }
}

async function createWorld(bench: ModelBench, sequence: Sequence): Promise<World> {
  const { redis } = bench;
  const prefix = `model-${process.pid}-${++sequences}:`;
  const filler = await createBufferFiller(redis, prefix);
  bench.counted.reset();
  return new World(bench, sequence, { prefix, filler });
}

interface WorldStart {
  readonly prefix: string;
  readonly filler: BufferFiller;
}

/** Everything outside the instances, and the instances. */
class World {
  readonly scene: Scene;
  readonly #bench: ModelBench;
  readonly #settings: Settings;
  readonly #clockOffsetsMs: Sequence["clockOffsetsMs"];
  readonly #cap: BacklogCap;
  readonly #truth: Truth;
  readonly #flux: ModelFlux;
  readonly #stores: Readonly<Record<StoreName, ModelStore>>;
  readonly #doubt = new CountDoubt<ModelInstance>();
  readonly #instances: Record<InstanceName, ModelInstance>;
  readonly #inCycle = new Set<InstanceName>();
  #nowMs = START_MS;
  #monotonicMs = 0;
  #lives = 0;
  #lists = listsThat(false);

  constructor(bench: ModelBench, sequence: Sequence, { prefix, filler }: WorldStart) {
    const { redis, counted } = bench;
    const keys = shardKeys(prefix, 0);
    const now = () => this.#nowMs;
    this.#bench = bench;
    this.#settings = { ...SETTINGS, REDIS_KEY_PREFIX: prefix, HORIZON_SLICE_BLOCKS: sequence.sliceBlocks };
    this.#cap = sequence.cap;
    this.#clockOffsetsMs = sequence.clockOffsetsMs;
    this.#truth = new Truth(filler, sequence.cap.maxBytes + sequence.cap.maxAgeMs > 0);
    this.#flux = new ModelFlux({ redis, keys, filler, truth: this.#truth, now });
    this.#stores = {
      timeseries: new ModelStore("timeseries", 0, now, this.#watcher()),
      victoriametrics: new ModelStore("victoriametrics", SETTLE_MS, now, this.#watcher()),
    };
    this.scene = {
      ...{ redis, prefix, keys, truth: this.#truth, stores: Object.values(this.#stores) },
      counted,
      mayMissCounts: () => this.#doubt.mayMissCounts,
    };
    this.#instances = { a: this.#begin("a"), b: this.#begin("b") };
  }

  /** @param isMeanwhile that it happens in the middle of a cycle. */
  async perform(operation: Operation, isMeanwhile = false): Promise<void> {
    switch (operation.does) {
      case "send":
        return this.#flux.send(operation);
      case "send_unregistered":
        return this.#flux.sendUnregistered(operation.tenant);
      case "send_damaged":
        return this.#flux.sendDamaged(operation.fault);
      case "send_again":
        return this.#flux.sendAgain(operation.pick);
      case "register":
        return this.#flux.register(operation.pick, isMeanwhile);
      case "cycle":
        return this.#cycle(operation);
      case "stop":
        return this.#inCycle.has(operation.instance) ? undefined : this.#stop(operation.instance);
      case "lease_ends":
        return this.#endLease();
      default:
        this.#change(operation);
    }
  }

  /** From now on all is well; afterwards nothing must wait. */
  async calmDown(): Promise<void> {
    for (const store of Object.values(this.#stores)) {
      store.mood = "well";
    }
    await this.#endLease();
    await this.#cycleUntil(({ blocks, claimed }) => blocks.length + claimed.length === 0);
    this.#nowMs += PARK_MS + 2 * Math.max(...Object.values(this.#clockOffsetsMs).map(Math.abs));
    await this.#cycleUntil(({ blocks, claimed, parked }) => blocks.length + claimed.length + parked.length === 0);
    await this.#stop("a");
  }

  /** Runs cycles until the buffer is as wished; if that is not soon, whoever looks then says what is wrong. */
  async #cycleUntil(isWished: (view: BufferView) => boolean): Promise<void> {
    for (let i = 0; i < QUIET_CYCLES; i++) {
      await this.#cycle({ does: "cycle", instance: "a", order: i, at: 0, among: "all" });
      this.#nowMs += SETTLE_MS;
      const view = await assertSound(this.scene);
      if (view.claimCount === 0 && isWished(view)) {
        return;
      }
    }
  }

  async cleanUp(): Promise<void> {
    const { redis, prefix } = this.scene;
    const keys = await redis.keys(`${prefix}*`);
    if (keys.length > 0) {
      await redis.unlink(...keys);
    }
  }

  #change(operation: Extract<Operation, { does: "wait" | "store_becomes" | "store_restarts" | "reload" }>): void {
    switch (operation.does) {
      case "wait":
        this.#nowMs += operation.ms;
        this.#monotonicMs += 1;
        break;
      case "store_becomes":
        this.#stores[operation.store].mood = operation.mood;
        break;
      case "store_restarts":
        this.#stores[operation.store].restart(createRandom(operation.forgets));
        break;
      case "reload":
        this.#lists = listsThat(operation.skips);
        this.#truth.reload(operation.skips);
        break;
    }
  }

  /** As if nobody had renewed it in time; the clocks of all who believe to have it say so, too. */
  async #endLease(): Promise<void> {
    await this.scene.redis.del(this.scene.keys.lease);
    this.#monotonicMs += SETTINGS.HORIZON_LEASE_SECONDS * 1000;
  }

  async #cycle({ instance: name, order, at, among, fault }: Cycle): Promise<void> {
    if (this.#inCycle.has(name)) {
      return;
    }
    const instance = this.#instances[name];
    const stopping = new AbortController();
    const abort = new AbortController();
    this.#inCycle.add(name);
    await this.#drive(instance, instance.cycle({ stopping: stopping.signal, abort: abort.signal }), order, {
      ...{ at, among, fault, stop: () => stopping.abort() },
      pause: ({ meanwhile }) => this.#goOn(meanwhile),
      unblock: () => {
        assert.ok(!abort.signal.aborted, "a cycle does not end although it was told to leave");
        abort.abort(new Error("the time to stop is over"));
      },
    });
    this.#inCycle.delete(name);
    if (instance.scheduler.isDead || stopping.signal.aborted) {
      await this.#stop(name);
    }
  }

  /** @throws what the work throws, unless its process died. */
  async #drive(instance: ModelInstance, work: Promise<void>, order: number, plan: FaultPlan): Promise<void> {
    await instance.scheduler.drive(work, createRandom(order), plan);
    if (!instance.scheduler.isDead) {
      await work;
    }
  }

  /** What happens while an instance stands still. */
  async #goOn(operations: readonly Operation[]): Promise<void> {
    for (const operation of operations) {
      await this.perform(operation, true);
      await assertSound(this.scene);
    }
  }

  /** Ends an instance, gently if it still lives, and puts another in its place. */
  async #stop(name: InstanceName): Promise<void> {
    const instance = this.#instances[name];
    await this.#drive(instance, instance.release(), 0, {
      ...{ at: 0, among: "all", fault: undefined, stop: () => undefined },
      pause: () => Promise.resolve(),
      unblock: () => assert.fail("giving the shard back does not end"),
    });
    this.#doubt.end(instance);
    this.#instances[name] = this.#begin(name);
  }

  #begin(name: InstanceName): ModelInstance {
    const { deps, redis, counted: metrics, runScript } = this.#bench;
    return new ModelInstance({
      ...{ runScript, settings: this.#settings, holder: `${name}${++this.#lives}` },
      deps: { ...deps, redis, metrics, parkMs: PARK_MS, backlogCap: this.#cap },
      stores: Object.values(this.#stores),
      skipLists: () => this.#lists,
      now: () => this.#nowMs + this.#clockOffsetsMs[name],
      monotonicMs: () => this.#monotonicMs,
      onTake: (instance) => this.#doubt.take(instance),
      onCallEnd: (instance, end: CallEnd) => this.#doubt.note(instance, end),
    });
  }

  #watcher() {
    return {
      onWrite: (store: StoreName, key: string) => {
        const sample = this.#truth.samples.get(key);
        assert.ok(sample, `${store} gets a sample that nobody has sent: ${key}`);
        assert.ok(sample.wasKept, `${store} gets a sample that was to be skipped: ${key}`);
      },
      onRefuse: (store: StoreName, key: string) => {
        this.#truth.samples.get(key)?.refusedBy.add(store);
      },
      onWork: (ms: number) => {
        this.#nowMs += ms;
      },
    };
  }
}

function listsThat(skips: boolean): ReturnType<CycleDeps["skipLists"]> {
  const compiled = compileSkipLists({ ...SETTINGS, SKIP_LIST: skips ? [`^${SKIPPED_NAME}`] : [] });
  assert.ok(compiled.ok);
  return compiled.lists;
}
