import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as tick } from "node:timers/promises";
import { Turns, turnLengthMs } from "../../services/horizon/turns.ts";

const never = new AbortController().signal;

/** Tasks that end when they are told to, and what has begun so far. */
function tasks() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const task = (name: string) => () => {
    begun.push(name);
    return new Promise<string>((resolve) => {
      ends.set(name, () => resolve(name));
    });
  };
  const end = async (name: string) => {
    ends.get(name)?.();
    await tick();
  };
  return { begun, task, end };
}

test("so many tasks run at a time and no more; the others follow in their order", async () => {
  const { begun, task, end } = tasks();
  const turns = new Turns(2);
  const all = ["a", "b", "c", "d"].map((name) => turns.run(task(name), never));
  await tick();
  assert.deepEqual(begun, ["a", "b"]);
  await end("b");
  assert.deepEqual(begun, ["a", "b", "c"], "a slow task holds up nobody but itself");
  await end("c");
  await end("a");
  await end("d");
  assert.deepEqual(await Promise.all(all), ["a", "b", "c", "d"]);
});

test("a task that is given up while it waits never runs and takes nobody's place", async () => {
  const { begun, task, end } = tasks();
  const turns = new Turns(1);
  const giveUp = new AbortController();
  const first = turns.run(task("first"), never);
  const second = turns.run(task("second"), giveUp.signal);
  const third = turns.run(task("third"), never);
  giveUp.abort();
  assert.equal(await second, undefined);
  await end("first");
  assert.deepEqual(begun, ["first", "third"]);
  await end("third");
  await Promise.all([first, third]);
  assert.equal(await turns.run(task("late"), AbortSignal.abort()), undefined);
});

test("a task that fails makes room for the next", async () => {
  const turns = new Turns(1);
  await assert.rejects(
    turns.run(() => Promise.reject(new Error("broken")), never),
    /broken/,
  );
  assert.equal(await turns.run(async () => "next", never), "next");
});

test("turns are so long that all have theirs within the interval", () => {
  assert.deepEqual(
    [0, 1, 2, 3, 8].map((tasks) => turnLengthMs(6000, 2, tasks)),
    [6000, 6000, 6000, 4000, 1500],
  );
});
