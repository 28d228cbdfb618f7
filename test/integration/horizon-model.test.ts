import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { inspect } from "node:util";
import { Redis } from "ioredis";
import { loadScripts } from "../../services/shared/redis-scripts/run-script.ts";
import { CountedSamples } from "../horizon/support/cycle-model/counted-samples.ts";
import { createSequence, type Sequence } from "../horizon/support/cycle-model/operations.ts";
import { type ModelBench, runSequence } from "../horizon/support/cycle-model/run-sequence.ts";
import { shrink } from "../horizon/support/cycle-model/shrink.ts";
import { createRig } from "../horizon/support/horizon-rig.ts";
import { readModelRuns } from "../support/model-runs.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";

const FIXED_SEED = 1;
const FIXED_SEQUENCES = 1600;
const FRESH_SEQUENCES = 400;
/** Sequences on their way at a time: while one waits for Redis, another has something to do. */
const AT_ONCE = 4;

let redisServer: RedisServer;
before(async () => {
  // What is on its disk is no matter here, and syncing it would take most of the time.
  redisServer = await startRedis({ args: ["--appendonly", "no", "--save", ""] });
});
after(() => redisServer.stop());

async function createBench(t: TestContext): Promise<ModelBench> {
  const { deps } = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: false });
  // Sends commands in batches, which takes half the time.
  const redis = new Redis(redisServer.url, { enableAutoPipelining: true });
  t.after(() => redis.disconnect());
  return { deps, redis, counted: new CountedSamples(), runScript: loadScripts(redis) };
}

/** Runs the sequences of seeds one after the other; of the first that fails the shortest that still does is shown. */
async function runSeeds(t: TestContext, firstSeed: number, count: number): Promise<void> {
  const benches = await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, () => createBench(t)));
  let next = firstSeed;
  let failed: Sequence | undefined;
  await Promise.all(
    benches.map(async (bench) => {
      while (!failed && next < firstSeed + count) {
        const sequence = createSequence(next++);
        if (await failureOf(bench, sequence)) {
          failed ??= sequence;
        }
      }
    }),
  );
  const [bench] = benches;
  if (failed && bench) {
    assert.fail(await explain(bench, failed));
  }
}

async function failureOf(bench: ModelBench, sequence: Sequence): Promise<unknown> {
  try {
    await runSequence(bench, sequence);
    return undefined;
  } catch (error) {
    return error;
  }
}

async function explain(bench: ModelBench, sequence: Sequence): Promise<string> {
  const shortest = await shrink(sequence, async (shorter) => (await failureOf(bench, shorter)) !== undefined);
  const failure = await failureOf(bench, shortest);
  const words = failure instanceof Error ? failure.stack : String(failure);
  const again = `MODEL_SEED=${sequence.seed} MODEL_SEQUENCES=1 npm test -- test/integration/horizon-model.test.ts`;
  return `seed ${sequence.seed} fails (${again}); shortened:\n${inspect(shortest, { depth: 9 })}\n${words}`;
}

const { count, firstSeed } = readModelRuns();

test("whatever happens to two instances and their stores, nothing is lost, changed or counted twice", async (t) => {
  await runSeeds(t, firstSeed ?? FIXED_SEED, count ?? FIXED_SEQUENCES);
});

test("nor with sequences that nobody has tried before", async (t) => {
  const seed = firstSeed ?? Date.now() % 2 ** 31;
  t.diagnostic(`MODEL_SEED=${seed}`);
  await runSeeds(t, seed, count ?? FRESH_SEQUENCES);
});
