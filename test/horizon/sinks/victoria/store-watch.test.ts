import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreWatch } from "../../../../services/horizon/sinks/victoria/store-watch.ts";

/** A watch whose store gives these answers, each after so long, and what it has seen after each. */
async function watchAnswers(answers: readonly [answers: boolean, afterMs: number][]): Promise<string[]> {
  let nowMs = 5_000_000;
  const seen: string[] = [];
  const left = [...answers];
  const watch = new StoreWatch({
    monotonicMs: () => nowMs,
    answers: (signal) => {
      const next = left.shift();
      if (!next) {
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      }
      nowMs += next[1];
      return Promise.resolve(next[0]);
    },
    sleep: (ms) => {
      const rightAfter = watch.atMostMs() - watch.atLeastMs();
      seen.push(`${watch.atLeastMs()}+${rightAfter}`);
      nowMs += ms;
      return Promise.resolve();
    },
  });
  watch.start();
  while (left.length > 0) {
    await new Promise(setImmediate);
  }
  await watch.stop();
  return seen;
}

test("a store that answers every second has run all the time", async () => {
  const seen = await watchAnswers([
    [true, 0],
    [true, 0],
    [true, 0],
  ]);
  assert.deepEqual(seen, ["1000+0", "2000+0", "3000+0"]);
});

test("the time for which a store stood still counts for a second, however long it was", async () => {
  const seen = await watchAnswers([
    [true, 0],
    [true, 6_800],
    [true, 0],
  ]);
  assert.deepEqual(seen, ["1000+0", "2000+0", "3000+0"]);
});

test("a store that is away does not run; what is not known yet is at most a second", async () => {
  const seen = await watchAnswers([
    [true, 0],
    [false, 0],
    [false, 60_000],
    [true, 0],
  ]);
  assert.deepEqual(seen, ["1000+0", "1000+1000", "1000+1000", "2000+0"]);
});
