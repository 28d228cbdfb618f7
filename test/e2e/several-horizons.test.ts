import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Redis } from "ioredis";
import { type ClaimState, parseClaimState } from "../../services/horizon/claim-state.ts";
import { shardKeys } from "../../services/shared/buffer-keys.ts";
import { readStatus } from "../horizon/support/spawn-horizon.ts";
import { assertAllStored } from "../support/assert-all-stored.ts";
import { readAccount } from "../support/horizon-account.ts";
import { metricValue } from "../support/metric-value.ts";
import { type Pipeline, startPipeline } from "../support/pipeline.ts";
import type { ServiceProcess } from "../support/service.ts";
import { until } from "../support/until.ts";

const SHARDS = 8;
const SHARDS_AT_ONCE = 2;

/*
 * One pipeline with eight shards, on which Horizons come and go while Prometheus sends; after each time both stores have
 * to hold all that Prometheus has scraped since the beginning.
 */
describe("nothing is lost, doubled or changed while several Horizons share the work", () => {
  let pipeline: Pipeline;
  let redis: Redis;
  let second: ServiceProcess;

  before(async () => {
    pipeline = await startPipeline({
      settings: {
        HORIZON_SHARDS: String(SHARDS),
        HORIZON_SHARDS_AT_ONCE: String(SHARDS_AT_ONCE),
        HORIZON_INTERVAL_SECONDS: "1",
        HORIZON_LEASE_SECONDS: "2",
        // So that a Horizon whose VictoriaMetrics is frozen does nothing else meanwhile.
        VICTORIAMETRICS_TIMEOUT_MS: "15000",
      },
    });
    redis = new Redis(pipeline.buffer.url);
    redis.on("error", () => undefined);
    second = await pipeline.addHorizon();
    await shared([4, 4], pipeline.horizon, second);
  });
  after(async () => {
    redis?.disconnect();
    await pipeline?.stop();
  });

  test("when one is frozen in the middle of a claim, and wakes up when another has done its work", async () => {
    const first = pipeline.horizon;
    await pipeline.victoria?.pause();
    await until(async () => (await claimsThatHang(first)) === SHARDS_AT_ONCE);
    const unfinished = (await claimsOf(await shardsOf(first))).map(({ id }) => id);
    await first.pause();
    pipeline.victoria?.resume();
    await shared([SHARDS], second);
    assert.equal(await metric(second, "horizon_shard_takeovers_total"), SHARDS / 2);
    await until(async () => (await claimsOf(await shardsOf(second))).every(({ id }) => !unfinished.includes(id)));
    first.resume();
    await until(async () => (await metric(first, "horizon_leases_lost_total")) === SHARDS / 2);
    await shared([4, 4], first, second);
    await assertAllStored(pipeline);
    await verifyAccounts(first, second);
  });

  test("when one comes, one is stopped and one is killed", async () => {
    await pipeline.prometheus.scrapeOnly(pipeline.jobs);
    const third = await pipeline.addHorizon();
    await shared([2, 3, 3], pipeline.horizon, second, third);
    await third.stop();
    await shared([4, 4], pipeline.horizon, second);
    const takeovers = await metric(pipeline.horizon, "horizon_shard_takeovers_total");
    assert.equal(takeovers, 0, "a Horizon that is stopped gives its shards back");
    await second.kill();
    await shared([SHARDS], pipeline.horizon);
    assert.equal(await metric(pipeline.horizon, "horizon_shard_takeovers_total"), SHARDS / 2);
    await assertAllStored(pipeline);
  });

  function metric(horizon: ServiceProcess, name: string): Promise<number> {
    return metricValue(`${horizon.adminUrl}/metrics`, name);
  }

  /** Waits until these Horizons hold so many shards each, in whatever order, and every shard is held by one of them. */
  async function shared(counts: readonly number[], ...horizons: readonly ServiceProcess[]): Promise<void> {
    let held: number[][] = [];
    const isShared = async () => {
      held = await Promise.all(horizons.map(shardsOf));
      return (
        held
          .map(({ length }) => length)
          .sort()
          .join() === counts.join() && new Set(held.flat()).size === SHARDS
      );
    };
    await until(isShared, { describe: () => `${JSON.stringify(held)} is not shared as ${counts.join()}` });
  }

  async function shardsOf({ adminUrl }: ServiceProcess): Promise<number[]> {
    const { instance, shards } = await readStatus(adminUrl);
    return shards.filter(({ holder }) => holder === instance).map(({ shard }) => shard);
  }

  async function claimsOf(shards: readonly number[]): Promise<ClaimState[]> {
    const claims = await Promise.all(shards.map((shard) => redis.hgetall(shardKeys("", shard).claims)));
    return claims.flatMap((some) => Object.entries(some).map(([id, text]) => parseClaimState(id, text)));
  }

  /** Claims that are in RedisTimeSeries and wait for VictoriaMetrics. */
  async function claimsThatHang(horizon: ServiceProcess): Promise<number> {
    const claims = await claimsOf(await shardsOf(horizon));
    return claims.filter(({ sinks }) => sinks.timeseries?.state === "confirmed" && !sinks.victoriametrics).length;
  }

  /** What the Horizons have accounted for together is what Flux has stored, every sample once. */
  async function verifyAccounts(...horizons: readonly ServiceProcess[]): Promise<void> {
    const stored = await metricValue(`${pipeline.flux.adminUrl}/metrics`, "flux_samples_stored_total");
    for (const sink of ["timeseries", "victoriametrics"]) {
      const accounts = await Promise.all(horizons.map(({ adminUrl }) => readAccount(adminUrl, sink)));
      const sum = (count: (account: (typeof accounts)[number]) => number) =>
        accounts.reduce((total, account) => total + count(account), 0);
      assert.equal(
        sum(({ claimed }) => claimed),
        stored,
        `${sink}: claimed`,
      );
      assert.equal(
        sum(({ settled }) => settled),
        stored,
        `${sink}: settled`,
      );
    }
  }
});
