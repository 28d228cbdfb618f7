import assert from "node:assert/strict";
import type { Redis } from "ioredis";
import type { ShardKeys } from "../../../../services/shared/buffer-keys.ts";
import { type BufferView, type SeenBlock, unregistered, viewBuffer } from "./buffer-view.ts";
import type { CountedSamples } from "./counted-samples.ts";
import type { ModelStore } from "./model-store.ts";
import type { StoreName } from "./operations.ts";
import type { KnownSample, Truth } from "./truth.ts";

/** What is looked at to say whether all is well. */
export interface Scene {
  readonly redis: Redis;
  readonly prefix: string;
  readonly keys: ShardKeys;
  readonly truth: Truth;
  readonly stores: readonly ModelStore[];
  /** What Horizon has counted since the sequence began. */
  readonly counted: CountedSamples;
  /** Whether a count may be missing, because an instance was not told that what it had to count had come true. */
  readonly mayMissCounts: () => boolean;
}

const TENANTS = ["t1", "t2"];

/** What holds at any moment, also in the middle of a cycle. @throws AssertionError */
export async function assertSound(scene: Scene): Promise<BufferView> {
  const view = await viewBuffer(scene.redis, scene.keys);
  assertNothingIsLost(scene, view);
  assertDamagedAreKept(scene, view);
  assertBytesAgree(view);
  await assertRegistryServes(scene, view);
  assertCountsBalance(scene);
  return view;
}

/** What holds when all has been well for a while. @throws AssertionError */
export async function assertFinished(scene: Scene): Promise<void> {
  const view = await assertSound(scene);
  assert.deepEqual(waitingIn(view), [], "something still waits in the buffer");
  assert.equal(view.claimCount, 0, "claims are left");
  assert.deepEqual(view.counters, { unclaimed: 0, claimed: 0 }, "the byte counters are not back at 0");
  assertLetters(scene, view);
  assertCountsAreComplete(scene);
  assert.deepEqual(await unexpectedKeys(scene), [], "keys are left over");
}

/**
 * An acknowledged sample is in the buffer, or every store keeps it, or it is in a dead letter, or SKIP_LIST named it,
 * or it was discarded with the excess of a backlog and counted.
 */
function assertNothingIsLost({ truth, stores, counted, mayMissCounts }: Scene, view: BufferView): void {
  const waiting = new Set(waitingIn(view).flatMap(({ sampleKeys }) => sampleKeys));
  const givenUp = new Set(view.letters.flatMap(({ seen }) => seen.sampleKeys));
  const gone = [...truth.samples.values()].filter(
    ({ key, wasSkipped }) => !(waiting.has(key) || givenUp.has(key) || wasSkipped),
  );
  for (const store of stores) {
    const lost = gone.filter(({ key }) => !(store.keeps(key) || view.refused.has(`${store.name} ${key}`)));
    if (lost.length > 0) {
      const discarded = discardedFor(store.name, counted);
      const words = `${store.name} does not have ${lost.map(describe).join(", ")}, nor does the buffer`;
      assert.ok(lost.length <= discarded || (mayMissCounts() && truth.hasCap), `${words}; discarded: ${discarded}`);
    }
  }
}

function discardedFor(sink: StoreName, counted: CountedSamples): number {
  const counts = [...counted.of(sink).values()].flatMap(({ skipped }) => [
    skipped.backlog_too_old,
    skipped.backlog_too_large,
  ]);
  return counts.reduce<number>((sum, samples) => sum + (samples ?? 0), 0);
}

function assertDamagedAreKept({ truth }: Scene, view: BufferView): void {
  const present = [...waitingIn(view), ...view.letters.map(({ seen }) => seen)].map(({ bytes }) =>
    bytes.toString("hex"),
  );
  for (const damaged of truth.damaged) {
    assert.equal(present.filter((hex) => hex === damaged).length, 1, `how often the damaged block ${damaged} is there`);
  }
}

function assertBytesAgree({ blocks, counters, claimedBytes }: BufferView): void {
  const readable = blocks.filter(({ block }) => block);
  assert.equal(
    counters.unclaimed,
    readable.reduce((sum, { bytes }) => sum + bytes.length, 0),
    "bytes that nobody has claimed",
  );
  assert.equal(counters.claimed, claimedBytes, "bytes that are claimed");
}

/** What came with its series is never parked, and finds them in its own generation for as long as it waits. */
async function assertRegistryServes({ redis, keys, truth }: Scene, view: BufferView): Promise<void> {
  const cameRegistered = ({ sampleKeys: [key = ""] }: SeenBlock) => truth.samples.get(key)?.block.cameRegistered;
  assert.deepEqual(view.parked.filter(cameRegistered), [], "a block is parked that came with its series");
  const waiting = [...view.blocks, ...view.claimed].filter(cameRegistered);
  assert.deepEqual(await unregistered(redis, keys, waiting), [], "the registry has forgotten what a block needs");
}

function assertCountsBalance({ counted, stores }: Scene): void {
  for (const { name } of stores) {
    assert.deepEqual(counted.unbalanced(name), [], `claimed = written + skipped + dead does not hold for ${name}`);
  }
}

/**
 * Each sample is counted once for each store, where it ended; and once more for each time that its block was sent again
 * after it had been claimed.
 */
function assertCountsAreComplete({ truth, stores, counted, mayMissCounts }: Scene): void {
  for (const store of stores) {
    for (const tenant of TENANTS) {
      const own = [...truth.samples.values()].filter((sample) => sample.tenant === tenant);
      const sum = (isMeant: (sample: KnownSample) => boolean) =>
        own.reduce((total, sample) => total + (isMeant(sample) ? sample.added : 0), 0);
      const { claimed = 0, written = 0, skipped = {}, dead = {} } = counted.of(store.name).get(tenant) ?? {};
      const all = sum(() => true);
      const whose = `of ${tenant} for ${store.name}`;
      const words = `${claimed} of ${all} samples are counted ${whose}`;
      assert.ok(mayMissCounts() ? claimed <= all : claimed === all, words);
      assert.ok(written <= sum(({ key }) => store.has(key)), `more are counted as written than it has, ${whose}`);
      const { skip_list = 0 } = skipped;
      assert.ok(skip_list <= sum(({ wasSkipped }) => wasSkipped), `too many are counted as skipped, ${whose}`);
      const { refused_by_store = 0, unknown_series = 0 } = dead;
      const wasRefused = ({ refusedBy }: KnownSample) => refusedBy.has(store.name);
      assert.ok(refused_by_store <= sum(wasRefused), `too many are counted as refused, ${whose}`);
      const cameUnknown = ({ block }: KnownSample) => !block.cameRegistered;
      assert.ok(unknown_series <= sum(cameUnknown), `too many are counted as unknown, ${whose}`);
    }
  }
}

/** A block that could not be used is there once; one whose series became known in time is not there. */
function assertLetters({ truth, stores }: Scene, { letters }: BufferView): void {
  const unknown = letters.filter(({ reason }) => reason === "unknown_series");
  for (const block of truth.blocks) {
    const [first] = block.samples;
    const count = unknown.filter(({ seen }) => seen.sampleKeys.includes(first?.key ?? "")).length;
    const expected = { no: [1], unsure: [0, 1], yes: [0] }[block.registered];
    assert.ok(expected.includes(count), `${count} dead letters have a block that is registered: ${block.registered}`);
    if (count === 1) {
      const has = block.samples.filter(({ key }) => stores.some((store) => store.has(key)));
      assert.deepEqual(has, [], "a store has samples of a block that was given up");
    }
  }
}

/** What stays when nothing waits (`buffer-keys.ts`). */
async function unexpectedKeys({ redis, prefix, keys }: Scene): Promise<string[]> {
  const letters = [keys.deadLetters, keys.deadLetterMarks, keys.deadLetterCounts];
  const expected = [keys.epoch, keys.bytes, keys.generations, keys.fence, ...letters];
  const registry = [keys.series(0), keys.activeSeries(0)].map((key) => key.slice(0, -1));
  const all = await redis.keys(`${prefix}*`);
  return all.filter((key) => !expected.includes(key) && !registry.some((begin) => key.startsWith(begin)));
}

function waitingIn({ blocks, claimed, parked }: BufferView): SeenBlock[] {
  return [...blocks, ...claimed, ...parked];
}

function describe({ key, tenant, name }: KnownSample): string {
  return `${name} of ${tenant} (${key})`;
}
