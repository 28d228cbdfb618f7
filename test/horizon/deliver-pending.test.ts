import assert from "node:assert/strict";
import { test } from "node:test";
import { deliveryOrder } from "../../services/horizon/deliver-pending.ts";

const table: [name: string, pending: string, underWay: string | undefined, order: string][] = [
  ["nothing waits", "", undefined, ""],
  ["nothing is under way: newest first", "dcba", undefined, "dcba"],
  ["an old one is under way: right after the newest", "dcba", "b", "dbca"],
  ["the newest is under way", "dcba", "d", "dcba"],
  ["what was under way waits no more", "dcba", "x", "dcba"],
];

for (const [name, pending, underWay, order] of table) {
  test(`the order of deliveries when ${name}`, () => {
    const claims = [...pending].map((id) => ({ id, claimedAtMs: 1, bytes: 1, oldestGeneration: 1, sinks: {} }));
    assert.equal(
      deliveryOrder(claims, underWay)
        .map(({ id }) => id)
        .join(""),
      order,
    );
  });
}
