import assert from "node:assert/strict";
import { test } from "node:test";
import { PointOwners } from "../../../../services/horizon/sinks/timeseries/point-owners.ts";

test("each tenant has a number in each namespace, and is found by it", () => {
  const owners = new PointOwners();
  const pairs = [
    ["a", "x"],
    ["a", "y"],
    ["b", "x"],
  ] as const;
  const numbers = [...pairs, ...pairs].map(([tenant, namespace]) => owners.numberOf(tenant, namespace));
  assert.deepEqual(numbers, [0, 1, 2, 0, 1, 2]);
  owners.at(1).written += 3;
  assert.deepEqual(
    [...owners].map(({ tenant, namespace, written }) => [tenant, namespace, written]),
    [
      ["a", "x", 0],
      ["a", "y", 3],
      ["b", "x", 0],
    ],
  );
  assert.throws(() => owners.at(3), /nobody has number 3/);
});
