import assert from "node:assert/strict";
import { test } from "node:test";
import { Book } from "./book.ts";
import { judge } from "./judge.ts";
import { createSchedule } from "./schedule.ts";

const SERIES = '[["_tenant_id","a"]]';

/** A book with one sample, and a store that holds these values at its time and at another. */
function verdictOf(acknowledged: boolean, values: readonly number[], elsewhere: readonly number[] = []) {
  const book = new Book();
  const facts = { tenant: "a", series: SERIES, timestampMs: 1, value: 7, request: 1, fault: "kill flux" };
  book.note(facts).acknowledged = acknowledged;
  const times = [[1, values] as const, [2, elsewhere] as const].filter(([, found]) => found.length > 0);
  return judge(book, new Map([[SERIES, new Map(times.map(([time, found]) => [time, new Set(found)]))]]));
}

const table: [what: string, acknowledged: boolean, values: number[], line: Partial<Record<string, number>>][] = [
  ["what was acknowledged and is there is stored", true, [7], { stored: 1 }],
  ["what was acknowledged and is not there is missing", true, [], { missing: 1 }],
  ["what was acknowledged with another value is different", true, [8], { different: 1 }],
  ["what has a second value is different", true, [7, 8], { different: 1 }],
  ["what was never acknowledged may be missing", false, [], {}],
  ["what was never acknowledged may be there", false, [7], { stored: 1 }],
  ["what was never acknowledged must not be there with another value", false, [8], { different: 1 }],
];
for (const [what, acknowledged, values, line] of table) {
  test(what, () => {
    const { total, byTenant, byFault } = verdictOf(acknowledged, values);
    const want = { acknowledged: acknowledged ? 1 : 0, stored: 0, missing: 0, extra: 0, different: 0, ...line };
    assert.deepEqual(total, want);
    assert.deepEqual(byTenant.get("a"), want);
    assert.deepEqual(byFault.get("kill flux"), want);
  });
}

test("what nobody has sent is extra, and shown", () => {
  const { total, byTenant, examples } = verdictOf(true, [7], [9]);
  assert.equal(total.extra, 1);
  assert.equal(byTenant.get("a")?.extra, 1);
  assert.deepEqual(examples, [{ what: "extra", series: SERIES, timestampMs: 2, entry: undefined, found: [9] }]);
});

test("a schedule follows from its seed", () => {
  assert.deepEqual(createSchedule(7, 60_000), createSchedule(7, 60_000));
  assert.notDeepEqual(createSchedule(7, 60_000), createSchedule(8, 60_000));
  for (const { fromMs, untilMs } of createSchedule(7, 60_000)) {
    assert.ok(fromMs < untilMs && untilMs <= 60_000);
  }
});
