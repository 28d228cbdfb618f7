import assert from "node:assert/strict";
import { test } from "node:test";
import { type Rate, TokenBucket } from "../../../services/flux/intake/token-bucket.ts";
import { createRandom } from "../../support/random.ts";

const rate: Rate = { perSecond: 100, burst: 500 };

test("a full bucket lets in at once, and an empty one when it has filled again", () => {
  const bucket = new TokenBucket(rate, 0);
  bucket.charge(rate, 499, 0);
  assert.equal(bucket.waitMs(rate, 0), 0);
  bucket.charge(rate, 201, 0);
  assert.equal(bucket.waitMs(rate, 0), 2001, "200 in debt at 100 a second");
  assert.equal(bucket.waitMs(rate, 2000), 1);
  assert.equal(bucket.waitMs(rate, 2001), 0);
});

test("a bucket never holds more than its burst, however long nothing came", () => {
  const bucket = new TokenBucket(rate, 0);
  bucket.charge(rate, 500, 3_600_000);
  assert.notEqual(bucket.waitMs(rate, 3_600_000), 0);
});

test("a request larger than the burst is let in, and paid for afterwards", () => {
  const bucket = new TokenBucket(rate, 0);
  assert.equal(bucket.waitMs(rate, 0), 0);
  bucket.charge(rate, 10_500, 0);
  assert.equal(bucket.waitMs(rate, 0), 100_001);
});

test("a clock that goes back neither fills the bucket nor stops it", () => {
  const bucket = new TokenBucket(rate, 10_000);
  bucket.charge(rate, 600, 10_000);
  assert.equal(bucket.waitMs(rate, 5000), 1001);
  assert.equal(bucket.waitMs(rate, 6001), 0);
});

test("over time not more than the rate, the burst and one request come through", () => {
  const random = createRandom(7);
  const bucket = new TokenBucket(rate, 0);
  let nowMs = 0;
  let taken = 0;
  for (let i = 0; i < 20_000; i++) {
    nowMs += random.below(40);
    if (bucket.waitMs(rate, nowMs) === 0) {
      const cost = 1 + random.below(50);
      bucket.charge(rate, cost, nowMs);
      taken += cost;
    }
  }
  const allowed = rate.burst + (nowMs / 1000) * rate.perSecond;
  assert.ok(taken <= allowed + 50, `${taken} of ${allowed}`);
  assert.ok(taken >= allowed - 50, `${taken} of ${allowed}`);
});
