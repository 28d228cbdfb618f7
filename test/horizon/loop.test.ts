import assert from "node:assert/strict";
import { test } from "node:test";
import { type LoopOptions, msUntilNext, runLoop } from "../../services/horizon/loop.ts";

const silent = { warn: () => undefined, error: () => undefined };

/** A loop on a clock that only sleeping and rounds move; it stops after some rounds. */
function loopOn(durationsMs: readonly (number | Error)[], overrides: Partial<LoopOptions> = {}) {
  let nowMs = 1_000_500;
  const stop = new AbortController();
  const startsMs: number[] = [];
  let failures = 0;
  const options: LoopOptions = {
    intervalMs: 1000,
    now: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
    },
    round: async (startMs) => {
      startsMs.push(startMs);
      const duration = durationsMs[startsMs.length - 1];
      if (startsMs.length === durationsMs.length) {
        stop.abort();
      }
      if (duration instanceof Error) {
        throw duration;
      }
      nowMs += duration ?? 0;
    },
    onFailure: () => {
      failures++;
    },
    logger: silent,
    stopping: stop.signal,
    ...overrides,
  };
  return { options, startsMs, failures: () => failures };
}

test("the time until the next multiple is never zero", () => {
  assert.deepEqual(
    [0, 1, 999, 1000, 1500].map((now) => msUntilNext(now, 1000)),
    [1000, 999, 1, 1000, 500],
  );
});

test("the first round begins at once, the others when the clock is at a multiple of the interval", async () => {
  const { options, startsMs } = loopOn([0, 10, 990, 0]);
  await runLoop(options);
  assert.deepEqual(startsMs, [1_000_500, 1_001_000, 1_002_000, 1_003_000]);
});

test("after a round that was too long the next begins at once, and from then on at the multiples again", async () => {
  const { options, startsMs } = loopOn([2600, 100, 0]);
  await runLoop(options);
  assert.deepEqual(startsMs, [1_000_500, 1_003_100, 1_004_000]);
});

test("a round that lasts exactly until a multiple is followed by the next at once", async () => {
  const { options, startsMs } = loopOn([500, 1000, 0]);
  await runLoop(options);
  assert.deepEqual(startsMs, [1_000_500, 1_001_000, 1_002_000]);
});

test("a clock that is set back does not stop the loop for longer than an interval", async () => {
  const { options, startsMs } = loopOn([-900_000, 0]);
  await runLoop(options);
  assert.deepEqual(startsMs, [1_000_500, 101_000]);
});

test("a round that fails is counted, and the next one comes", async () => {
  const { options, startsMs, failures } = loopOn([new Error("Redis is away"), 0]);
  await runLoop(options);
  assert.deepEqual(startsMs, [1_000_500, 1_001_000]);
  assert.equal(failures(), 1);
});

test("a loop that is stopped while it sleeps begins no further round", async () => {
  const stop = new AbortController();
  const { options, startsMs } = loopOn([0, 0, 0], {
    stopping: stop.signal,
    sleep: async () => stop.abort(),
  });
  await runLoop(options);
  assert.equal(startsMs.length, 1);
});
