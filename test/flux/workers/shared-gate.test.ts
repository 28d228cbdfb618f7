import assert from "node:assert/strict";
import { test } from "node:test";
import { type Meter, TrafficGate } from "../../../services/flux/traffic-gate.ts";
import { RemoteGate } from "../../../services/flux/workers/remote-gate.ts";
import { SharedGate } from "../../../services/flux/workers/shared-gate.ts";

const free: Meter = {
  id: "tenant a",
  whose: "its tenant",
  samples: undefined,
  bytes: undefined,
  maxRequestsInFlight: 0,
  overRateStatus: 503,
};

/** Workers that share one gate, by the same messages as between processes. */
function openGates(count: number, now: () => number = () => 0) {
  const shared = new SharedGate(new TrafficGate(now));
  let messages = 0;
  const gates = Array.from({ length: count }, (_, index) => {
    const gate: RemoteGate = new RemoteGate((message) => {
      messages++;
      const answer = (pass: number, refusal: Parameters<RemoteGate["entered"]>[1]) =>
        setImmediate(() => gate.entered(pass, structuredClone(refusal)));
      shared.hear(index + 1, structuredClone(message), answer);
    });
    return gate;
  });
  return { shared, gates, messages: () => messages };
}

async function enter(gate: RemoteGate | undefined, ...meters: Meter[]) {
  const entered = await gate?.enter(meters);
  assert.ok(entered?.ok, JSON.stringify(entered));
  return entered.pass;
}

async function refusal(gate: RemoteGate | undefined, meter: Meter) {
  const entered = await gate?.enter([meter]);
  assert.ok(entered && !entered.ok);
  return entered;
}

test("a rate holds over all workers", async () => {
  let nowMs = 0;
  const { gates } = openGates(3, () => nowMs);
  const meter = { ...free, samples: { perSecond: 10, burst: 100 } };
  (await enter(gates[0], meter)).charge("samples", 70);
  (await enter(gates[1], meter)).charge("samples", 65);
  const refused = await refusal(gates[2], meter);
  assert.equal(refused.code, "over_sample_rate");
  assert.deepEqual(refused.later, { status: 503, retryAfterSeconds: 4 });
  await enter(gates[2], { ...meter, id: "tenant b" });
  nowMs = 3600;
  await enter(gates[2], meter);
});

test("requests under way are counted over all workers until they leave", async () => {
  const { gates } = openGates(2);
  const meter = { ...free, maxRequestsInFlight: 2 };
  const first = await enter(gates[0], meter);
  await enter(gates[1], meter);
  for (const gate of gates) {
    assert.equal((await refusal(gate, meter)).code, "too_many_requests");
  }
  first.leave();
  await enter(gates[1], meter);
  await refusal(gates[0], meter);
});

test("many that come at once to all workers are let in up to the limit exactly", async () => {
  const { gates } = openGates(4);
  const meter = { ...free, maxRequestsInFlight: 7 };
  const entries = await Promise.all(Array.from({ length: 40 }, (_, i) => gates[i % 4]?.enter([meter])));
  assert.equal(entries.filter((entry) => entry?.ok).length, 7);
});

test("the requests of a worker that has died are under way no more, those of others are", async () => {
  const { gates, shared } = openGates(2);
  const meter = { ...free, maxRequestsInFlight: 2 };
  await enter(gates[0], meter);
  await enter(gates[1], meter);
  shared.leaveAll(1);
  await enter(gates[1], meter);
  await refusal(gates[1], meter);
});

test("senders without limits ask nobody", async () => {
  const { gates, messages } = openGates(1);
  const pass = await enter(gates[0], free);
  pass.charge("samples", 1e9);
  pass.leave();
  assert.equal(messages(), 0);
});

test("debts are forgotten when the settings change, by the primary alone", async () => {
  const { gates, shared } = openGates(2);
  const meter = { ...free, samples: { perSecond: 10, burst: 100 } };
  (await enter(gates[0], meter)).charge("samples", 1000);
  gates[0]?.clear();
  await refusal(gates[1], meter);
  shared.clear();
  await enter(gates[1], meter);
});
