import assert from "node:assert/strict";
import { test } from "node:test";
import { ReadSeats } from "../../../services/horizon/reading/read-seats.ts";

test("a key has its seats and no more, and leaves some to others", () => {
  const seats = new ReadSeats({ total: 3, perKey: 2 });
  const leave = seats.take(1);
  assert.ok(leave && seats.take(1));
  assert.equal(seats.take(1), undefined);
  assert.ok(seats.take(2));
  assert.equal(seats.take(3), undefined, "all are taken");
  leave();
  assert.ok(seats.take(3));
  assert.equal(seats.take(1), undefined);
});
