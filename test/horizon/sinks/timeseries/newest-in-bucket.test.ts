import assert from "node:assert/strict";
import { test } from "node:test";
import { NewestInBucket } from "../../../../services/horizon/sinks/timeseries/newest-in-bucket.ts";

test("only a sample as new as any before it is taken, bucket by bucket and series by series", () => {
  const newest = new NewestInBucket(100);
  const check = (id: bigint, bucketMs: number, timestampMs: number, want: boolean) =>
    assert.equal(newest.offer(id, bucketMs, timestampMs), want);
  check(1n, 0, 30, true);
  check(1n, 0, 20, false);
  check(1n, 0, 30, true);
  check(1n, 0, 40, true);
  check(1n, 0, 30, false);
  check(2n, 0, 10, true);
  check(1n, 60, 60, true);
});

test("when there are too many, the oldest buckets are forgotten first, and what comes for them wins", () => {
  const newest = new NewestInBucket(4);
  for (const bucketMs of [120, 0, 60]) {
    newest.offer(1n, bucketMs, bucketMs + 30);
    newest.offer(2n, bucketMs, bucketMs + 30);
  }
  assert.equal(newest.offer(1n, 120, 121), false);
  assert.equal(newest.offer(1n, 60, 61), false);
  assert.equal(newest.offer(1n, 0, 1), true);
});
