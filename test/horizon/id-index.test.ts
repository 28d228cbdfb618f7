import assert from "node:assert/strict";
import { test } from "node:test";
import { halvesOf, IdIndex, NONE } from "../../services/horizon/id-index.ts";
import { createRandom } from "../support/random.ts";

test("any ids have the numbers that they were given, and others have none", () => {
  const random = createRandom();
  for (const count of [0, 1, 511, 512, 513, 20_000]) {
    const index = new IdIndex([random.below(2 ** 32) | 1, random.below(2 ** 32) | 1]);
    const numbers = new Map<bigint, number>();
    while (numbers.size < count) {
      const id = BigInt(random.below(2 ** 32)) * 2n ** 32n + BigInt(random.below(4));
      if (!numbers.has(id)) {
        const [low = 0, high = 0] = halvesOf(BigUint64Array.of(id));
        index.set(low, high, numbers.size);
        numbers.set(id, numbers.size);
      }
    }
    assert.equal(index.size, count);
    for (const [id, number] of numbers) {
      const [low = 0, high = 0] = halvesOf(BigUint64Array.of(id));
      assert.equal(index.get(low, high), number, `seed ${random.seed}`);
      assert.equal(index.get(low, ~high), numbers.get((id ^ (0xffff_ffffn << 32n)) & 0xffff_ffff_ffff_ffffn) ?? NONE);
    }
  }
});

test("an index that was cleared knows nothing, and can be filled again", () => {
  const index = new IdIndex([1, 1]);
  for (let i = 0; i < 2000; i++) {
    index.set(i, -i, i);
  }
  index.clear();
  assert.equal(index.get(5, -5), NONE);
  index.set(5, -5, 7);
  assert.deepEqual([index.size, index.get(5, -5)], [1, 7]);
});
