import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import { ClaimLedger, UncountedTallies } from "../../services/horizon/claim-ledger.ts";
import type { ClaimState, SinkProgress } from "../../services/horizon/claim-state.ts";
import { HorizonMetrics } from "../../services/horizon/metrics.ts";
import { Tally } from "../../services/horizon/tally.ts";

const CLAIM: ClaimState = { id: "c1", claimedAtMs: 1, bytes: 1, oldestGeneration: 1, sinks: {} };
const confirmed = (): SinkProgress => ({ state: "confirmed", tally: new Tally() });

/** A ledger of one claim, and what it asks of Redis. */
function open({ update }: { readonly update: () => Promise<void> }) {
  const written: ClaimState[] = [];
  const finished: string[] = [];
  const claims = {
    holder: "me",
    update: async (claim: ClaimState) => {
      await update();
      written.push(claim);
    },
    finish: async ({ id }: ClaimState) => {
      finished.push(id);
    },
  };
  const metrics = new HorizonMetrics(new Registry(), []);
  return { ledger: new ClaimLedger(claims, metrics, new UncountedTallies(), [CLAIM]), written, finished };
}

test("what Redis does not confirm is not believed: the claim stays pending and is not finished", async () => {
  const { ledger, finished } = open({ update: () => Promise.reject(new Error("Redis is away")) });
  await assert.rejects(ledger.record("c1", "timeseries", confirmed()), /away/);
  assert.deepEqual(ledger.pendingFor("timeseries"), [CLAIM]);
  assert.equal(await ledger.finishConfirmed(["timeseries"]), 0);
  assert.deepEqual(finished, []);
});

test("two sinks that write at the same time both stand in what Redis is told last", async () => {
  const { ledger, written, finished } = open({ update: () => Promise.resolve() });
  await Promise.all([
    ledger.record("c1", "timeseries", confirmed()),
    ledger.record("c1", "victoriametrics", confirmed()),
  ]);
  assert.deepEqual(Object.keys(written.at(-1)?.sinks ?? {}), ["timeseries", "victoriametrics"]);
  assert.equal(await ledger.finishConfirmed(["timeseries", "victoriametrics"]), 1);
  assert.deepEqual(finished, ["c1"]);
});

test("a claim that one sink has not confirmed stays, however far the other is", async () => {
  const { ledger, finished } = open({ update: () => Promise.resolve() });
  await ledger.record("c1", "timeseries", confirmed());
  await ledger.record("c1", "victoriametrics", { ...confirmed(), state: "delivered" });
  assert.equal(await ledger.finishConfirmed(["timeseries", "victoriametrics"]), 0);
  assert.deepEqual(finished, []);
  assert.equal(ledger.remaining().length, 1);
});
