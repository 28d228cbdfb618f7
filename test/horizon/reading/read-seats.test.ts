import assert from "node:assert/strict";
import { test } from "node:test";
import { ReadSeats } from "../../../services/horizon/reading/read-seats.ts";

test("a holder has its seats and no more, and leaves some to others", () => {
  const seats = new ReadSeats({ total: 3, perHolder: 2 });
  const leave = seats.take("a");
  assert.ok(leave && seats.take("a"));
  assert.equal(seats.take("a"), undefined);
  assert.ok(seats.take("b"));
  assert.equal(seats.take("c"), undefined, "all are taken");
  leave();
  assert.ok(seats.take("c"));
  assert.equal(seats.take("a"), undefined);
});
