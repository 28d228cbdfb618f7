import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { SharedReads } from "../../services/horizon/shared-reads.ts";

/** Reads that are counted, each giving an object of its own. */
function countedReads() {
  const reads: string[] = [];
  return {
    reads,
    read: (key: string) => async () => {
      reads.push(key);
      return {};
    },
  };
}

test("what all sinks read is read once and forgotten when each has it", async () => {
  const { reads, read } = countedReads();
  const shared = new SharedReads<object>(3);
  const values = await Promise.all(["a", "a", "a"].map(async (key) => (await shared.take(key, read(key))).value));
  assert.equal(new Set(values).size, 1);
  assert.deepEqual(reads, ["a"]);
  assert.notEqual((await shared.take("a", read("a"))).value, values[0]);
});

test("a sink that is far behind reads for itself", async () => {
  const { reads, read } = countedReads();
  const shared = new SharedReads<object>(2);
  for (const key of ["a", "b", "a", "a"]) {
    await shared.take(key, read(key));
  }
  assert.deepEqual(reads, ["a", "b", "a"]);
});

test("nothing is kept where there is one sink", async () => {
  const { reads, read } = countedReads();
  const shared = new SharedReads<object>(1);
  await shared.take("a", read("a"));
  await shared.take("a", read("a"));
  assert.deepEqual(reads, ["a", "a"]);
});

test("what could not be read is read again", async () => {
  const { reads, read } = countedReads();
  const shared = new SharedReads<object>(2);
  const failing = shared.take("a", () => Promise.reject(new Error("Redis is away")));
  await assert.rejects(failing, /away/);
  await shared.take("a", read("a"));
  assert.deepEqual(reads, ["a"]);
});

test("what was read is recycled once all who have it are done, and nobody else can come", async () => {
  const recycled: string[] = [];
  const shared = new SharedReads<string>(2, (value) => recycled.push(value));
  const take = (key: string) => shared.take(key, async () => key);
  const first = await take("a");
  first.done();
  await setImmediate();
  assert.deepEqual(recycled, [], "the other may still come");
  const [second, ahead] = [await take("a"), await take("b")];
  await setImmediate();
  assert.deepEqual(recycled, [], "the other has it");
  second.done();
  await setImmediate();
  assert.deepEqual(recycled, ["a"]);
  await take("c");
  await setImmediate();
  assert.deepEqual(recycled, ["a"], "the first has it, though nobody else gets it any more");
  ahead.done();
  await setImmediate();
  assert.deepEqual(recycled, ["a", "b"]);
});

test("what one of them could not use is never recycled", async () => {
  const recycled: string[] = [];
  const shared = new SharedReads<string>(2, (value) => recycled.push(value));
  const [one] = [await shared.take("a", async () => "a"), await shared.take("a", async () => "a")];
  one.done();
  await setImmediate();
  assert.deepEqual(recycled, []);
});
