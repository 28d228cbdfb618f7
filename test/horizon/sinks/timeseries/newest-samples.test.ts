import assert from "node:assert/strict";
import { test } from "node:test";
import { NewestSamples } from "../../../../services/horizon/sinks/timeseries/newest-samples.ts";
import { createRandom } from "../../../support/random.ts";

test("a sample is outdone by one of a higher rank, and among equals by one of a later claim", () => {
  const newest = new NewestSamples();
  newest.note(7, 1000, 50);
  const table: [slot: number, rank: number, order: number, want: boolean][] = [
    [7, 999, 99, true],
    [7, 1000, 49, true],
    [7, 1000, 50, false],
    [7, 1000, 51, false],
    [7, 1001, 1, false],
    [6, 0, 0, false],
    [8, 0, 0, false],
    [100_000, 0, 0, false],
  ];
  for (const [slot, rank, order, want] of table) {
    assert.equal(newest.isOutdone(slot, rank, order), want, `slot ${slot}, rank ${rank}, order ${order}`);
  }
});

test("what was noted last stands", () => {
  const newest = new NewestSamples();
  newest.note(0, 2, 1);
  newest.note(0, 1, 1);
  assert.equal(newest.isOutdone(0, 1, 1), false);
});

test("any notes survive being written and read", () => {
  const random = createRandom();
  for (let round = 0; round < 200; round++) {
    const newest = new NewestSamples();
    const entries = new Map<number, [rank: number, order: number]>();
    for (let i = random.below(60); i > 0; i--) {
      const slot = random.below(100);
      const entry: [number, number] = [random.pick([0, 1, 1_767_000_000_000, 2 ** 50]), random.pick([0, 5, 2 ** 50])];
      newest.note(slot, ...entry);
      entries.set(slot, entry);
    }
    const read = NewestSamples.decode(newest.encode(), 100);
    assert.ok(read, `seed ${random.seed}`);
    for (let slot = 0; slot < 110; slot++) {
      const [rank, order] = entries.get(slot) ?? [0, 0];
      assert.equal(read.isOutdone(slot, rank, order), false, `seed ${random.seed}`);
      assert.equal(read.isOutdone(slot, rank - 0.5, order), entries.has(slot), `seed ${random.seed}`);
      assert.equal(read.isOutdone(slot, rank, order - 1), entries.has(slot), `seed ${random.seed}`);
    }
  }
});

test("series side by side with samples of one time take a few bytes together", () => {
  const newest = new NewestSamples();
  for (let slot = 0; slot < 200_000; slot++) {
    newest.note(slot, 1_767_000_015_000 + Math.floor(slot / 100_000), 1_767_000_060_000);
  }
  assert.ok(newest.encode().length < 30);
});

test("bytes that are something else are refused", () => {
  const bytes = (...values: number[]) => NewestSamples.decode(Buffer.from(values), 10);
  assert.equal(bytes(1), undefined);
  assert.equal(bytes(1, 2), undefined);
  assert.equal(bytes(0xff, 0xff), undefined);
  assert.equal(bytes(11, 2, 0), undefined, "more slots than there are");
  assert.ok(bytes(10, 2, 0));
  assert.ok(bytes());
});
