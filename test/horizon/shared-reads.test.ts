import assert from "node:assert/strict";
import { test } from "node:test";
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
  const values = await Promise.all(["a", "a", "a"].map((key) => shared.take(key, read(key))));
  assert.equal(new Set(values).size, 1);
  assert.deepEqual(reads, ["a"]);
  assert.notEqual(await shared.take("a", read("a")), values[0]);
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
