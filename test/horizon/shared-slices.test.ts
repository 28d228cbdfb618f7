import assert from "node:assert/strict";
import { test } from "node:test";
import { SharedSlices } from "../../services/horizon/shared-slices.ts";
import { sliceOf } from "./support/slices.ts";

/** Reads that are counted, each giving a slice of its own. */
function countedReads() {
  const reads: string[] = [];
  return {
    reads,
    read: (key: string) => async () => {
      reads.push(key);
      return sliceOf([]);
    },
  };
}

test("a slice is read once for all sinks, and forgotten when each has it", async () => {
  const { reads, read } = countedReads();
  const shared = new SharedSlices(3);
  const slices = await Promise.all(["a", "a", "a"].map((key) => shared.take(key, read(key))));
  assert.equal(new Set(slices).size, 1);
  assert.deepEqual(reads, ["a"]);
  assert.notEqual(await shared.take("a", read("a")), slices[0]);
});

test("a sink that is far behind reads for itself", async () => {
  const { reads, read } = countedReads();
  const shared = new SharedSlices(2);
  for (const key of ["a", "b", "c", "a", "c"]) {
    await shared.take(key, read(key));
  }
  assert.deepEqual(reads, ["a", "b", "c", "a"]);
});

test("nothing is kept where there is one sink", async () => {
  const { reads, read } = countedReads();
  const shared = new SharedSlices(1);
  await shared.take("a", read("a"));
  await shared.take("a", read("a"));
  assert.deepEqual(reads, ["a", "a"]);
});

test("what could not be read is read again", async () => {
  const { reads, read } = countedReads();
  const shared = new SharedSlices(2);
  const failing = shared.take("a", () => Promise.reject(new Error("Redis is away")));
  await assert.rejects(failing, /away/);
  await shared.take("a", read("a"));
  assert.deepEqual(reads, ["a"]);
});
