import assert from "node:assert/strict";
import { test } from "node:test";
import { ownerOf } from "../../../../services/horizon/sinks/victoria/series-owner.ts";
import { createSeriesHasher } from "../../../../services/shared/series-id.ts";

const hasher = await createSeriesHasher();
const ids = Array.from({ length: 20_000 }, (_, i) => hasher.idOf(Buffer.from(`series ${i}`), 0));
const shares = (names: readonly string[]) => {
  const counts = new Map<string, number>();
  for (const id of ids) {
    const owner = ownerOf(id, names) ?? "";
    counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  return counts;
};

test("every name gets about its share of the series", () => {
  const names = ["a", "b", "c", "d"];
  const counts = shares(names);
  for (const name of names) {
    const share = (counts.get(name) ?? 0) / ids.length;
    assert.ok(Math.abs(share - 1 / 4) < 0.02, `${name}: ${share}`);
  }
});

test("a series has the same owner whatever the order of the names", () => {
  for (const id of ids.slice(0, 1000)) {
    assert.equal(ownerOf(id, ["a", "b", "c"]), ownerOf(id, ["c", "a", "b"]));
  }
});

test("a further name takes only what becomes its own", () => {
  const moved = ids.filter((id) => ownerOf(id, ["a", "b", "c"]) !== ownerOf(id, ["a", "b"]));
  assert.ok(moved.length > 0);
  assert.ok(moved.every((id) => ownerOf(id, ["a", "b", "c"]) === "c"));
});
