import assert from "node:assert/strict";
import { test } from "node:test";
import { countDeath, restartDelayMs } from "../../services/shared/backoff.ts";

const BACKOFF = { firstMs: 500, maxMs: 3000, calmMs: 60_000 };

test("a server that dies again and again is started ever more rarely, up to a limit", () => {
  const delays = [1, 2, 3, 4, 5, 100].map((deaths) => restartDelayMs(BACKOFF, deaths));
  assert.deepEqual(delays, [500, 1000, 2000, 3000, 3000, 3000]);
});

test("a server that has run for long enough starts over", () => {
  assert.equal(countDeath(BACKOFF, 0, 10), 1);
  assert.equal(countDeath(BACKOFF, 4, 59_999), 5);
  assert.equal(countDeath(BACKOFF, 4, 60_000), 1);
});
