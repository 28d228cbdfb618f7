import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTally, Tally } from "../../services/horizon/tally.ts";

function sample(): Tally {
  const tally = new Tally();
  tally.claim("__proto__", 10);
  tally.write("__proto__", 4);
  tally.skipByEntry("__proto__", "^up$", 3);
  tally.skip("__proto__", "nan_not_storable", 2);
  tally.bury("__proto__", "refused_by_store", 1);
  return tally;
}

test("a tally survives JSON, whatever a tenant is called", () => {
  assert.deepEqual([...parseTally(JSON.parse(JSON.stringify(sample())))], [...sample()]);
  assert.deepEqual(JSON.parse(JSON.stringify(sample()))[0][1], {
    claimed: 10,
    written: 4,
    skipped: { skip_list: 3, nan_not_storable: 2 },
    skippedByEntry: [["^up$", 3]],
    dead: { refused_by_store: 1 },
  });
});

test("a tally of a version that did not count by entry is read", () => {
  const [[tenant, { skippedByEntry, ...written }]] = JSON.parse(JSON.stringify(sample()));
  assert.deepEqual(skippedByEntry, [["^up$", 3]]);
  const read = [...parseTally([[tenant, written]])][0]?.[1];
  assert.deepEqual(read?.skipped, { skip_list: 3, nan_not_storable: 2 });
  assert.equal(read?.skippedByEntry.size, 0);
});

test("a tally is balanced when every claimed sample has ended somewhere, tenant by tenant", () => {
  const tally = sample();
  assert.deepEqual(tally.unbalancedTenants(), []);
  tally.write("other", 1);
  assert.deepEqual(tally.unbalancedTenants(), ["other"]);
  tally.claim("other", 1);
  assert.deepEqual(tally.unbalancedTenants(), []);
  tally.claim("__proto__", 1);
  assert.deepEqual(tally.unbalancedTenants(), ["__proto__"]);
});

test("merging adds every count", () => {
  const tally = sample();
  tally.merge(sample());
  assert.deepEqual(
    [...tally],
    [
      [
        "__proto__",
        {
          claimed: 20,
          written: 8,
          skipped: { skip_list: 6, nan_not_storable: 4 },
          skippedByEntry: new Map([["^up$", 6]]),
          dead: { refused_by_store: 2 },
        },
      ],
    ],
  );
});
