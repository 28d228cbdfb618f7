import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import { PlaceGauges } from "../../services/flux/place-gauges.ts";

const owner = { tenant: "t", namespace: "n" };
const nobody = { ok: true, round: 1, overQuota: new Set<never>(), overLimit: new Set<never>() } as const;

test("what was asked is shown, what was not asked stays, and a reload forgets all", async () => {
  const registry = new Registry();
  const gauges = new PlaceGauges([registry]);
  const shown = async () =>
    (await registry.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  gauges.note(owner, { ...nobody, activeSeries: 3, maxActiveSeries: 5, quotaSeries: 7, quota: 9 });
  gauges.note(owner, {
    ...nobody,
    activeSeries: undefined,
    maxActiveSeries: 0,
    quotaSeries: undefined,
    quota: undefined,
  });
  assert.deepEqual(await shown(), [
    'flux_tenant_active_series{tenant="t"} 3',
    'flux_tenant_series_limit{tenant="t"} 5',
    'flux_namespace_quota_series{namespace="n"} 7',
    'flux_namespace_quota{namespace="n"} 9',
  ]);
  gauges.reset();
  assert.deepEqual(await shown(), []);
});
