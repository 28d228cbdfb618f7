import assert from "node:assert/strict";
import { test } from "node:test";
import { type Meter, type Pass, TrafficGate } from "../../services/flux/traffic-gate.ts";

const free: Meter = {
  id: "tenant a",
  whose: "its tenant",
  samples: undefined,
  bytes: undefined,
  maxRequestsInFlight: 0,
  overRateStatus: 503,
};
const limited: Meter = { ...free, samples: { perSecond: 10, burst: 100 } };

function enter(gate: TrafficGate, ...meters: Meter[]): Pass {
  const entered = gate.enter(meters);
  assert.ok(entered.ok);
  return entered.pass;
}

test("a tenant without limits always comes in", () => {
  const gate = new TrafficGate(() => 0);
  enter(gate, free).charge("samples", 1e12);
  enter(gate, free);
});

test("a tenant over its rate waits as long as its debt takes, and no other waits with it", () => {
  let nowMs = 0;
  const gate = new TrafficGate(() => nowMs);
  enter(gate, limited).charge("samples", 135);
  const refused = gate.enter([limited]);
  assert.ok(!refused.ok);
  assert.equal(refused.code, "over_sample_rate");
  assert.deepEqual(refused.later, { status: 503, retryAfterSeconds: 4 });
  assert.match(refused.detail, /its tenant has sent more than 10 samples a second, and 100 at once/);
  enter(gate, { ...limited, id: "tenant b" });
  nowMs = 3600;
  enter(gate, limited);
});

test("bytes have a rate of their own", () => {
  const gate = new TrafficGate(() => 0);
  const meter: Meter = { ...free, bytes: { perSecond: 1000, burst: 1000 }, overRateStatus: 429 };
  enter(gate, meter).charge("samples", 5000);
  enter(gate, meter).charge("bytes", 5000);
  const refused = gate.enter([meter]);
  assert.ok(!refused.ok);
  assert.equal(refused.code, "over_byte_rate");
  assert.deepEqual(refused.later, { status: 429, retryAfterSeconds: 5 });
});

test("a request needs room in every meter, and costs each", () => {
  const gate = new TrafficGate(() => 0);
  const key: Meter = { ...limited, id: "key 1", whose: "its key", samples: { perSecond: 1, burst: 10 } };
  enter(gate, limited, key).charge("samples", 20);
  const refused = gate.enter([limited, key]);
  assert.ok(!refused.ok && refused.detail.startsWith("its key"));
  enter(gate, limited);
});

test("requests under way are counted until they leave", () => {
  const gate = new TrafficGate(() => 0);
  const meter: Meter = { ...free, maxRequestsInFlight: 2 };
  const first = enter(gate, meter);
  enter(gate, meter);
  const refused = gate.enter([meter]);
  assert.ok(!refused.ok);
  assert.equal(refused.code, "too_many_requests");
  assert.deepEqual(refused.later, { status: 503 });
  first.leave();
  enter(gate, meter);
});

test("debts are forgotten when the settings change", () => {
  const gate = new TrafficGate(() => 0);
  enter(gate, limited).charge("samples", 1000);
  gate.clear();
  enter(gate, limited);
});
