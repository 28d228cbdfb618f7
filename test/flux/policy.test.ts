import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Policy, policyFrom, termsOf } from "../../services/flux/policy.ts";
import { parseSettings } from "../../settings/load.ts";

const yaml = `
FLUX_SELF_API_KEY: key-of-the-operator
FLUX_MAX_BODY_BYTES: 1000
FLUX_SAMPLES_PER_SECOND: 100
FLUX_MAX_LABELS_PER_SERIES: 30
FLUX_PROMETHEUS_MAX_AGE: 300
FLUX_TENANTS:
  acme:
    limits: {samplesPerSecond: 2000, samplesBurst: 9000, maxLabelsPerSeries: 20, maxSampleAgeSeconds: 0}
    influx: {dbPrefix: db, stringFields: number}
    dropMetrics: [acme_]
FLUX_API_KEYS:
  key-of-acme-1: acme
  key-of-acme-2:
    namespace: acme
    limits: {bytesPerSecond: 500, maxLabelsPerSeries: 10, overRateStatus: 429}
    influx: {stringFields: info}
    dropMetrics: [debug_]
`;

function policyOf(text: string): Policy {
  const loaded = parseSettings({ name: "flux.yml", text }, {});
  assert.ok(loaded.ok, loaded.ok ? "" : loaded.problems.join("\n"));
  const made = policyFrom(loaded.settings);
  assert.ok(made.ok, made.ok ? "" : made.problems.join("\n"));
  return made.policy;
}

describe("what holds for a sender", () => {
  const policy = policyOf(yaml);
  const terms = (tenant: string, keyIndex: number) => termsOf(policy, { tenant, keyIndex });

  test("is what the settings say of all, where nothing is said of it", () => {
    const { limits, meters, rules } = terms("other", 0);
    assert.equal(limits.maxLabels, 30);
    assert.equal(limits.maxSampleAgeMs, 300_000);
    assert.equal(limits.overRateStatus, 503);
    assert.deepEqual(meters[0]?.samples, { perSecond: 100, burst: 1000 });
    assert.equal(meters[0]?.id, "tenant other");
    assert.equal(meters[1]?.samples, undefined, "its key has no rate of its own");
    assert.deepEqual(
      rules.map(({ source }) => source.origin),
      ["settings"],
    );
  });

  test("is what is said of its tenant, where something is", () => {
    const { limits, meters, rules } = terms("acme", 1);
    assert.equal(limits.maxLabels, 20);
    assert.equal(limits.maxBodyBytes, 1000, "of this nothing is said");
    assert.equal(limits.maxSampleAgeMs, 0);
    assert.deepEqual(meters[0]?.samples, { perSecond: 2000, burst: 9000 });
    assert.deepEqual(
      rules.map(({ source }) => source.dropMetrics),
      [[], ["acme_"]],
    );
  });

  test("is what is said of its key before all, with both rates measured", () => {
    const { limits, meters, rules } = terms("acme", 2);
    assert.equal(limits.maxLabels, 10);
    assert.deepEqual(meters[0]?.samples, { perSecond: 2000, burst: 9000 });
    assert.deepEqual(meters[1]?.bytes, { perSecond: 500, burst: 5000 });
    const { influx } = terms("acme", 2);
    assert.deepEqual(influx, { dbPrefix: "db", stringFields: "info", precision: "strict" });
    assert.deepEqual(
      meters.map(({ overRateStatus }) => overRateStatus),
      [429, 429],
    );
    assert.deepEqual(
      rules.map(({ source }) => source.dropMetrics),
      [[], ["acme_"], ["debug_"]],
    );
  });
});

test("rules of tenants and keys that do not compile are named by where they stand, all at once", () => {
  const loaded = parseSettings(
    {
      name: "flux.yml",
      text: `
FLUX_TENANTS: {acme: {dropMetrics: ["(x"]}}
FLUX_API_KEYS: {key-of-acme-1: {namespace: acme, dropLabels: [[instance, "(y"]]}}
`,
    },
    {},
  );
  assert.ok(loaded.ok);
  const made = policyFrom(loaded.settings);
  assert.ok(!made.ok);
  assert.equal(made.problems.length, 2);
  assert.match(made.problems[0] ?? "", /cannot use FLUX_TENANTS, acme, dropMetrics: .*\(x/);
  assert.match(made.problems[1] ?? "", /cannot use FLUX_API_KEYS, entry 1, dropLabels: .*\(y/);
});
