import assert from "node:assert/strict";
import { test } from "node:test";
import { SeriesTable } from "../../services/flux/intake/series-table.ts";
import { StreamTable } from "../../services/flux/intake/stream-table.ts";
import { openStream } from "../../services/flux/open-stream.ts";
import { type Policy, policyFrom, termsOf } from "../../services/flux/policy.ts";
import { TextSeriesIndex } from "../../services/kernel/text-series-index.ts";
import type { Subject } from "../../services/shared/pattern-matcher.ts";
import { parseSettings } from "../../settings/load.ts";

const sender = { tenant: "acme", server: "1", namespace: "acme", keyIndex: 1 };

function policyOf(dropMetrics: string): Policy {
  const loaded = parseSettings(undefined, { FLUX_SELF_API_KEY: "key-of-all", DROP_METRICS: dropMetrics });
  assert.ok(loaded.ok);
  const made = policyFrom(loaded.settings);
  assert.ok(made.ok);
  return made.policy;
}

/** What the stream of a request under this policy makes of the metric `up`. */
function openAndDecide(streams: StreamTable, policy: Policy, headers: Record<string, string> = {}) {
  const opened = openStream(streams, policy, termsOf(policy, sender), sender, headers);
  assert.ok(opened.ok);
  const { keep } = opened.stream.stream.rules.decide([{ name: "__name__", value: "up" }]);
  return { stream: opened.stream, keep };
}

test("requests with the same words share a stream, others do not", () => {
  const streams = new StreamTable(new SeriesTable(new TextSeriesIndex(), 10), 10);
  const policy = policyOf("[]");
  const { stream } = openAndDecide(streams, policy, { dropmetrics: "a" });
  assert.equal(openAndDecide(streams, policy, { dropmetrics: "a" }).stream, stream);
  assert.notEqual(openAndDecide(streams, policy, { dropmetrics: "b" }).stream, stream);
  assert.notEqual(openAndDecide(streams, policy, { droplabels: "a" }).stream, stream);
});

test("streams share the operator's rules as they were compiled with the policy", () => {
  const policy = policyOf('["up"]');
  const [first, again] = [termsOf(policy, sender), termsOf(policy, { tenant: "other", keyIndex: 0 })];
  const [rules] = first.rules;
  assert.ok(rules && rules === again.rules[0]);
  let asked = 0;
  const match = rules.drop.rules.match.bind(rules.drop.rules);
  const counting = {
    ...rules.drop.rules,
    match: (subject: Subject) => {
      asked++;
      return match(subject);
    },
  };
  const terms = { ...first, rules: [{ ...rules, drop: { ...rules.drop, rules: counting } }] };
  const streams = new StreamTable(new SeriesTable(new TextSeriesIndex(), 10), 10);
  for (const dropmetrics of ["a", "b"]) {
    const opened = openStream(streams, policy, terms, sender, { dropmetrics });
    assert.ok(opened.ok && !opened.stream.stream.rules.decide([{ name: "__name__", value: "up" }]).keep);
  }
  assert.equal(asked, 2, "neither stream has compiled them anew");
});

test("a request that began before a reload leaves its old rules to nobody", () => {
  const streams = new StreamTable(new SeriesTable(new TextSeriesIndex(), 10), 10);
  const [old, fresh] = [policyOf("[]"), policyOf('["up"]')];
  openAndDecide(streams, old);
  streams.clear();
  assert.equal(openAndDecide(streams, old).keep, true, "it goes on under the rules that it began with");
  assert.equal(openAndDecide(streams, fresh).keep, false);
  assert.equal(openAndDecide(streams, old).keep, true);
  assert.equal(openAndDecide(streams, fresh).keep, false);
});

test("words whose patterns were too slow are refused until they change", () => {
  const streams = new StreamTable(new SeriesTable(new TextSeriesIndex(), 10), 10);
  const policy = policyOf("[]");
  const headers = { dropmetrics: `.*a${".".repeat(1000)}c,`.repeat(10) };
  const { stream } = openAndDecide(streams, policy, headers);
  const { rules } = stream.stream;
  rules.budget?.begin();
  // Until it is exceeded: how long that takes depends on the machine.
  while (!rules.budget?.isExceeded) {
    rules.decide([{ name: "__name__", value: "ab".repeat(1000) }]);
  }
  const again = openStream(streams, policy, termsOf(policy, sender), sender, headers);
  assert.equal(again.ok ? "" : again.code, "bad_rules");
  assert.ok(openAndDecide(streams, policy, { dropmetrics: "^b" }).keep);
});
