import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ClaimState,
  formatClaimState,
  isConfirmedByAll,
  parseClaimState,
  withProgress,
} from "../../services/horizon/claim-state.ts";
import { Tally } from "../../services/horizon/tally.ts";

const fresh: ClaimState = { id: "c1", claimedAtMs: 5, bytes: 7, oldestGeneration: 3, sinks: {} };

function tally(): Tally {
  const counts = new Tally();
  counts.claim("t1", 2);
  counts.write("t1", 2);
  return counts;
}

test("a claim survives being written down, tallies and all", () => {
  const delivered = { state: "delivered", storeRanMs: 9, proof: "123", tally: tally() } as const;
  const state = withProgress(fresh, "victoriametrics", delivered);
  const read = parseClaimState("c1", formatClaimState(state));
  assert.deepEqual({ ...read, sinks: {} }, fresh);
  assert.equal(read.sinks.victoriametrics?.proof, "123");
  assert.deepEqual([...(read.sinks.victoriametrics?.tally ?? [])], [...tally()]);
  assert.equal(read.sinks.timeseries, undefined);
});

test("a claim as the script writes it has no progress", () => {
  const text = '{"id":"c1","claimedAtMs":5,"bytes":7,"oldestGeneration":3,"sinks":{}}';
  assert.deepEqual(parseClaimState("c1", text), fresh);
});

test("a claim whose text is damaged counts as not delivered", () => {
  for (const text of ["", "{", "null", '{"id":"c1"}', '{"sinks":{"timeseries":{"state":"confirmed"}}}']) {
    assert.deepEqual(parseClaimState("c1", text).sinks, {}, text);
    assert.equal(parseClaimState("c1", text).oldestGeneration, 0, text);
  }
});

test("a claim whose text is damaged is as old as its id says", () => {
  assert.equal(parseClaimState("1767270630000-0a1b2c3d", "{").claimedAtMs, 1767270630000);
  assert.equal(parseClaimState("c1", "{").claimedAtMs, 0);
});

test("a claim is confirmed when every enabled sink has confirmed it, and not before", () => {
  const progress = (state: "delivered" | "confirmed") => ({ state, tally: tally() });
  const one = withProgress(fresh, "timeseries", progress("confirmed"));
  const check = (state: ClaimState, sinks: Parameters<typeof isConfirmedByAll>[1], want: boolean) =>
    assert.equal(isConfirmedByAll(state, sinks), want);
  check(fresh, ["timeseries"], false);
  check(one, ["timeseries"], true);
  check(one, ["timeseries", "victoriametrics"], false);
  check(withProgress(one, "victoriametrics", progress("delivered")), ["timeseries", "victoriametrics"], false);
  check(withProgress(one, "victoriametrics", progress("confirmed")), ["timeseries", "victoriametrics"], true);
  check(withProgress(one, "timeseries", undefined), ["timeseries"], false);
});
