import assert from "node:assert/strict";
import { test } from "node:test";
import { RecentMap } from "../../services/horizon/recent-map.ts";

test("the keys set last are known, at least as many as are asked for and at most twice as many", () => {
  const map = new RecentMap<number>(3);
  for (let last = 0; last < 20; last++) {
    map.set(`k${last}`, last);
    const known = Array.from({ length: last + 1 }, (_, i) => i).filter((i) => map.has(`k${i}`));
    assert.ok(known.length >= Math.min(3, last + 1) && known.length <= 6, `${known.length} are known`);
    assert.deepEqual(
      known,
      Array.from({ length: known.length }, (_, i) => last - known.length + 1 + i),
    );
    assert.deepEqual(
      known.map((i) => map.get(`k${i}`)),
      known,
    );
  }
  assert.equal(map.get("k0"), undefined);
});
