import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { listQuotaSeries } from "../../services/flux/quota-series.ts";
import { metadataKeys } from "../../services/shared/buffer-keys.ts";
import { bufferedSamples } from "../flux/support/buffer-contents.ts";
import type { LiveFlux } from "../flux/support/live-flux.ts";
import { openRaw, writeHead } from "../flux/support/raw-connection.ts";
import {
  ALPHA,
  assertTellsNothing,
  BRAVO,
  bravoWrites,
  metricsOfBravo,
  openTwoTenants,
  remoteWrite,
  type Sent,
  send,
  TIME_MS,
} from "../flux/support/two-tenants.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { until } from "../support/until.ts";
import { writeRequestBody } from "../support/write-request.ts";

/*
 * One tenant uses up all that it may have, and tries to use up what another one may have. The other one does not
 * notice.
 */

let server: RedisServer;
before(async () => {
  server = await startRedis();
});
after(() => server.stop());

const KEY = { key: ALPHA.key };
const AS_BRAVO = { ...KEY, "x-tenant-id": BRAVO.tenant };
const named = (count: number, name = "m") =>
  Array.from({ length: count }, (_, i) => [["__name__", `${name}_${i}`] as const]);
/** As many series as bravo may have, as bravo itself sends them. */
const ofBravo = (count: number): Sent => remoteWrite(named(count, "bravo"), { key: BRAVO.key });

async function expect(flux: LiveFlux, sent: Sent, status: number, says: RegExp = /^/): Promise<void> {
  const heard = await send(flux.intakeUrl, sent);
  assert.equal(heard.status, status, heard.text);
  assert.match(heard.text, says);
  assertTellsNothing(heard, "its own limit", sent);
}

async function storedOfBravo(flux: LiveFlux): Promise<number> {
  const samples = await bufferedSamples(flux.redis, flux.prefix);
  return samples.filter(({ tenant }) => tenant === BRAVO.tenant).length;
}

describe("a tenant that is at its limit, and names another one, leaves the other all of its own:", () => {
  test("active series", async (t) => {
    const flux = await openTwoTenants(t, server.url, { FLUX_MAX_ACTIVE_SERIES: "3" });
    await expect(flux, remoteWrite(named(20)), 400, /series_limit: the tenant has 3 active series/);
    const spoofed = named(20, "x").map((labels) => [...labels, ["_tenant_id", BRAVO.tenant] as const]);
    await expect(flux, remoteWrite(spoofed), 400, /series_limit/);
    await expect(flux, remoteWrite(named(20), AS_BRAVO), 403);
    await expect(flux, ofBravo(3), 204);
    assert.equal(await storedOfBravo(flux), 3);
  });

  test("quota", async (t) => {
    const quotas = JSON.stringify({ [ALPHA.tenant]: 3, [BRAVO.namespace]: 3 });
    const flux = await openTwoTenants(t, server.url, { FLUX_NAMESPACE_QUOTAS: quotas });
    await expect(flux, remoteWrite(named(3)), 204);
    await expect(flux, remoteWrite(named(20, "x")), 204);
    await expect(flux, remoteWrite(named(20), AS_BRAVO), 403);
    assert.equal((await listQuotaSeries(flux.redis, flux.prefix, BRAVO.namespace)).length, 0);
    await expect(flux, ofBravo(3), 204);
    assert.equal(await storedOfBravo(flux), 3);
  });

  const rates: [what: string, settings: Record<string, string>, says: RegExp][] = [
    ["rate of samples", { FLUX_SAMPLES_PER_SECOND: "1", FLUX_SAMPLES_BURST: "5" }, /over_sample_rate: its tenant/],
    ["rate of bytes", { FLUX_BYTES_PER_SECOND: "1", FLUX_BYTES_BURST: "100" }, /over_byte_rate: its tenant/],
  ];
  for (const [what, settings, says] of rates) {
    test(what, async (t) => {
      const flux = await openTwoTenants(t, server.url, settings);
      await expect(flux, remoteWrite(named(200)), 204);
      await expect(flux, remoteWrite(named(1)), 503, says);
      for (let i = 0; i < 20; i++) {
        await expect(flux, remoteWrite(named(200), AS_BRAVO), 403);
        await expect(flux, { path: `/write?org=${BRAVO.tenant}`, headers: KEY, body: "m value=1" }, 403);
      }
      await expect(flux, ofBravo(3), 204);
      assert.equal(await storedOfBravo(flux), 3);
    });
  }

  test("requests under way", async (t) => {
    const flux = await openTwoTenants(t, server.url, { FLUX_MAX_REQUESTS_IN_FLIGHT: "1" });
    await holdOpen(t, flux, KEY, 1000);
    await expect(flux, remoteWrite(named(1)), 503, /too_many_requests: its tenant/);
    await openHead(t, flux, AS_BRAVO, 1000);
    await expect(flux, ofBravo(3), 204);
  });

  test("memory for bodies", async (t) => {
    const flux = await openTwoTenants(t, server.url, { FLUX_MAX_IN_FLIGHT_BYTES: "1000000" });
    for (let i = 0; i < 20; i++) {
      await openHead(t, flux, KEY, 100_000);
    }
    await until(() => flux.heldBytes() >= 700_000);
    const large = { path: "/prometheus/write", headers: KEY, body: Buffer.alloc(100_000) };
    await expect(flux, large, 503, /memory_full/);
    await expect(flux, ofBravo(3), 204);
    assert.equal(await storedOfBravo(flux), 3);
  });

  test("metadata", async (t) => {
    const flux = await openTwoTenants(t, server.url, { FLUX_MAX_METADATA_PER_SERVER: "2" });
    const families = (name: string, count: number) =>
      Array.from({ length: count }, (_, i) => ({ type: 1, metric_family_name: `${name}_${i}`, help: "", unit: "" }));
    const body = writeRequestBody([], families("m", 10));
    await expect(flux, { path: "/prometheus/write", headers: KEY, body }, 204);
    const own = writeRequestBody([], families("bravo", 2));
    await expect(flux, { path: "/prometheus/write", headers: { key: BRAVO.key }, body: own }, 204);
    const kept = await flux.redis.hkeys(metadataKeys(flux.prefix).families(BRAVO.tenant, BRAVO.server));
    assert.deepEqual(kept.sort(), ["bravo_0", "bravo_1"]);
  });

  test("the series that Flux remembers", async (t) => {
    const flux = await openTwoTenants(t, server.url, { FLUX_SERIES_TABLE_SIZE: "1000" });
    await expect(flux, bravoWrites(), 204);
    const before = await metricsOfBravo(flux);
    for (let i = 0; i < 5; i++) {
      await expect(flux, remoteWrite(named(1000, `churn_${i}`)), 204);
    }
    assert.deepEqual(await metricsOfBravo(flux), before);
    await expect(flux, bravoWrites(), 204);
    const own = (await bufferedSamples(flux.redis, flux.prefix)).filter(({ tenant }) => tenant === BRAVO.tenant);
    const { series, timestampMs } = own[0] ?? assert.fail("bravo's sample is gone");
    const name = `${BRAVO.metric}{_tenant_id="bravo",_server_id="${BRAVO.server}",path="${BRAVO.path}"}`;
    assert.deepEqual([own.length, series, timestampMs], [1, name, TIME_MS], "the same request is the same member");
  });
});

async function openHead(t: TestContext, flux: LiveFlux, headers: Record<string, string>, bytes: number): Promise<void> {
  const { socket } = await openRaw(flux.intakePort, writeHead({ ...headers, "content-length": bytes }));
  t.after(() => socket.destroy());
}

/** Begins a request and does not end it. */
async function holdOpen(t: TestContext, flux: LiveFlux, headers: Record<string, string>, bytes: number): Promise<void> {
  const held = flux.heldBytes();
  await openHead(t, flux, headers, bytes);
  await until(() => flux.heldBytes() >= held + bytes);
}
