import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import { TenantCounters } from "../../services/flux/tenant-counters.ts";

async function shownFor(registry: Registry, name: string, tenant: string): Promise<number | undefined> {
  const values = (await registry.getSingleMetric(name)?.get())?.values ?? [];
  return values.find(({ labels }) => labels["tenant"] === tenant)?.value;
}

test("all that is counted of a tenant is there from its first sight, at zero", async () => {
  const registry = new Registry();
  const counters = new TenantCounters([registry]);
  assert.equal(await shownFor(registry, "flux_samples_received_total", "t"), undefined);
  counters.of("t");
  for (const { name } of await registry.getMetricsAsJSON()) {
    if (name !== "flux_metadata_failures_total") {
      assert.equal(await shownFor(registry, name, "t"), 0, name);
    }
  }
});

test("tenants beyond the ten thousandth are counted together, those before for themselves", async () => {
  const registry = new Registry();
  const counters = new TenantCounters([registry]);
  for (let tenant = 0; tenant < 10_000; tenant++) {
    counters.of(`t${tenant}`);
  }
  counters.of("late").stored.count += 1;
  counters.of("later").stored.count += 2;
  counters.of("t9999").stored.count += 4;
  assert.equal(await shownFor(registry, "flux_samples_stored_total", "_other"), 3);
  assert.equal(await shownFor(registry, "flux_samples_stored_total", "late"), undefined);
  assert.equal(await shownFor(registry, "flux_samples_stored_total", "t9999"), 4);
});
