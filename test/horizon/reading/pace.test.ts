import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace } from "../../../services/horizon/reading/pace.ts";

test("work that lasts lets others have their turn, and short work does not wait", async () => {
  let nowMs = 0;
  let turns = 0;
  const pace = new Pace(new AbortController().signal, () => nowMs);
  const another = () => {
    turns++;
  };
  setImmediate(another);
  await pace.check();
  assert.equal(turns, 0);
  nowMs = 11;
  await pace.check();
  assert.equal(turns, 1);
  setImmediate(another);
  await pace.check();
  assert.equal(turns, 1, "its time begins anew");
});

test("work ends when nobody waits for it, even if that is said during a break", async () => {
  const gone = new AbortController();
  let nowMs = 0;
  const pace = new Pace(gone.signal, () => nowMs);
  await pace.check();
  setImmediate(() => gone.abort(new Error("gone")));
  nowMs = 11;
  await assert.rejects(pace.check(), /gone/);
  await assert.rejects(pace.check(), /gone/);
});
