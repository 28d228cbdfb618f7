import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { bufferedSamples } from "../flux/support/buffer-contents.ts";
import { type LiveFlux, openLiveFlux } from "../flux/support/live-flux.ts";
import { type Fate, MIXED_SETTINGS, mixedRequest } from "../flux/support/mixed-requests.ts";
import { type Heard, type Sent, send } from "../flux/support/two-tenants.ts";
import { createRandom, type Random } from "../support/random.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { until } from "../support/until.ts";

/*
 * Many tenants at once, in all dialects: under rules, limits and rates, with input of every kind of badness, while the
 * rules are reloaded again and again, and while Redis is away. In the end every sample is accounted for: as its sender
 * has it, as Flux counts it, and as Redis holds it (DESIGN 5.8).
 */

let server: RedisServer;
before(async () => {
  server = await startRedis();
});
after(() => server.stop());

const TENANTS = ["plain", "again", "limited", "quota", "rated", "reloaded"] as const;
type Tenant = (typeof TENANTS)[number];
const LIMIT = 10;
const SENDERS_EACH = 2;
const RETRY_MS = 20;
const RELOADS = 10;
const keyOf = (tenant: Tenant) => `key-of-${tenant}`;

/** @param reloads how often settings were read: every second time some of `reloaded`'s good series are dropped. */
function settingsOf(reloads: number): Record<string, string> {
  const keys = TENANTS.map((tenant) => [keyOf(tenant), { namespace: tenant, tenant, server: "1" }]);
  const tenants = {
    limited: { limits: { maxActiveSeries: LIMIT } },
    rated: { limits: { samplesPerSecond: 100, samplesBurst: 1 } },
    reloaded: reloads % 2 === 0 ? {} : { dropMetrics: ["^good_[5-9]"] },
  };
  return {
    ...MIXED_SETTINGS,
    FLUX_API_KEYS: JSON.stringify(Object.fromEntries(keys)),
    FLUX_TENANTS: JSON.stringify(tenants),
    FLUX_NAMESPACE_QUOTAS: JSON.stringify({ quota: LIMIT }),
  };
}

/** What the senders of a tenant know. Samples are counted by `kind/reason`, as in `dropped/drop_metrics`. */
class Tally {
  received = 0;
  /** That should be stored, of requests that were taken. */
  kept = 0;
  readonly decided = new Map<string, number>();

  of(what: string): number {
    return this.decided.get(what) ?? 0;
  }

  /** Notes what Flux must count now that it has looked at the samples of a request. */
  note({ received, decided }: Fate): void {
    this.received += received;
    for (const [what, samples] of decided) {
      this.add(what, samples);
    }
  }

  add(what: string, samples: number): void {
    this.decided.set(what, this.of(what) + samples);
  }
}

const DROPPED = "dropped/drop_metrics";
const UNAVAILABLE = "refused/buffer_unavailable";

/** Why requests are refused whole here, by the status of the answer. */
const REFUSED_AS = new Map([
  [400, "malformed_snappy"],
  [403, "unknown_key"],
  [503, "over_sample_rate"],
]);

/** All senders, and what they know together. */
class Senders {
  readonly tallies = new Map<Tenant, Tally>(TENANTS.map((tenant) => [tenant, new Tally()]));
  /** Requests refused whole, by reason. */
  readonly refused = new Map<string, number>();
  /** Requests that were taken. */
  taken = 0;
  readonly #url: string;
  readonly #random: Random;
  #nowMs = Date.now() - 600_000;

  constructor(url: string, random: Random) {
    this.#url = url;
    this.#random = random;
  }

  tally(tenant: Tenant): Tally {
    return this.tallies.get(tenant) ?? assert.fail(tenant);
  }

  /** Sends one request until it is taken; now and then, before it, one that counts for no samples. */
  async sendOne(tenant: Tenant, maxGood?: number): Promise<void> {
    const headers = { key: keyOf(tenant) };
    const { sent, fate } = mixedRequest(this.#random, headers, this.#nowMs++, maxGood);
    const nothing = this.#random.pick<Nothing | undefined>([undefined, undefined, "junk", "stranger", "test"]);
    if (nothing !== undefined) {
      this.#noteRefusal(await send(this.#url, countsForNothing(nothing, sent)));
    }
    const tally = this.tally(tenant);
    for (;;) {
      const heard = await send(this.#url, sent);
      if (heard.status !== 503) {
        assert.ok([204, 207, 400].includes(heard.status), `${heard.status} ${heard.text}`);
        tally.note(fate);
        tally.kept += fate.kept;
        this.taken++;
        return;
      }
      if (/buffer_unavailable/.test(heard.text)) {
        tally.note(fate);
        tally.add(UNAVAILABLE, fate.kept);
      } else {
        this.#noteRefusal(heard);
      }
      await delay(RETRY_MS);
    }
  }

  #noteRefusal({ status, text }: Heard): void {
    const reason = REFUSED_AS.get(status);
    assert.ok(status === 200 || reason !== undefined, `${status} ${text}`);
    if (reason !== undefined) {
      this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1);
    }
  }
}

/** Requests of which no sample counts. */
type Nothing = "junk" | "stranger" | "test";

function countsForNothing(kind: Nothing, sent: Sent): Sent {
  switch (kind) {
    case "junk":
      return { path: "/prometheus/write", headers: { key: sent.headers?.["key"] ?? "" }, body: "junk" };
    case "stranger":
      return { ...sent, headers: { ...sent.headers, key: "key-of-nobody" } };
    case "test":
      return { ...sent, headers: { ...sent.headers, "x-test-only": "true" } };
  }
}

test("received = stored + dropped + refused, as the senders have it and as Redis holds it, after everything at once", async (t) => {
  const flux = await openLiveFlux(server.url, settingsOf(0));
  t.after(() => flux.close());
  const random = createRandom();
  t.diagnostic(`seed ${random.seed}`);
  const senders = new Senders(flux.intakeUrl, random);
  // Fewer series than a quota of which nothing is taken has places: more would be refused whole.
  await Promise.all(TENANTS.map((tenant) => senders.sendOne(tenant, LIMIT / 2)));
  const stopping = new AbortController();
  const run = async (tenant: Tenant) => {
    while (!stopping.signal.aborted) {
      await senders.sendOne(tenant);
    }
  };
  const running = TENANTS.flatMap((tenant) => Array.from({ length: SENDERS_EACH }, () => run(tenant)));
  await Promise.race([disturb(flux, senders), Promise.all(running)]).finally(() => stopping.abort());
  await Promise.all(running);

  const page = await (await fetch(`${flux.adminUrl}/metrics`)).text();
  const samples = await bufferedSamples(flux.redis, flux.prefix);
  for (const tenant of TENANTS) {
    const own = samples.filter((one) => one.tenant === tenant);
    const distinct = new Set(own.map(({ series, timestampMs }) => `${series} ${timestampMs}`)).size;
    assertAgree(tenant, senders.tally(tenant), countsOf(page, tenant), distinct);
    if (tenant === "limited" || tenant === "quota") {
      assert.equal(new Set(own.map(({ series }) => series)).size, LIMIT, `series of ${tenant}`);
    }
  }
  assert.deepEqual([...senders.refused.keys()].sort(), [...REFUSED_AS.values()].sort());
  for (const [reason, requests] of senders.refused) {
    assert.match(page, new RegExp(`^flux_requests_refused_total\\{reason="${reason}"\\} ${requests}$`, "m"));
  }
});

/** Reloads, then takes Redis away, while the senders go on; each lasts until they have felt it. */
async function disturb(flux: LiveFlux, senders: Senders): Promise<void> {
  const someMore = (requests: number) => {
    const want = senders.taken + requests;
    return until(() => senders.taken >= want, { timeoutMs: 60_000 });
  };
  for (let reloads = 1; reloads <= RELOADS; reloads++) {
    flux.environment = settingsOf(reloads);
    assert.equal((await send(flux.adminUrl, { path: "/-/reload" })).status, 200);
    await someMore(2 * TENANTS.length);
  }
  await server.kill();
  await until(() => TENANTS.filter((tenant) => senders.tally(tenant).of(UNAVAILABLE) > 0).length > TENANTS.length / 2);
  await server.restart();
  await someMore(10 * TENANTS.length);
}

/** What Flux counts of a tenant: `received`, `stored`, and by `kind/reason`. */
function countsOf(page: string, tenant: Tenant): Map<string, number> {
  const line = /^flux_samples_(\w+)_total\{tenant="(\w+)"(?:,reason="(\w+)")?\} (\d+)$/gm;
  const own = [...page.matchAll(line)].filter(([, , whose]) => whose === tenant);
  return new Map(
    own.map(([, kind = "", , reason, count]) => [reason === undefined ? kind : `${kind}/${reason}`, Number(count)]),
  );
}

function assertAgree(tenant: Tenant, tally: Tally, counts: ReadonlyMap<string, number>, inRedis: number): void {
  const count = (what: string) => counts.get(what) ?? assert.fail(`nothing counts ${what} of ${tenant}`);
  const reasons = [...counts.keys()].filter((what) => what.includes("/"));
  const away = reasons.reduce((sum, what) => sum + count(what), 0);
  assert.ok(count("stored") > 0, tenant);
  assert.equal(count("received"), count("stored") + away, `${tenant}: the sum`);
  assert.equal(count("received"), tally.received, `${tenant}: received`);
  assert.equal(count("stored"), inRedis, `${tenant}: what Redis holds`);

  // Which of its requests met which rules, only Flux knows of `reloaded`; what came of limits, it knows of all.
  const shared = tenant === "reloaded" ? [DROPPED, UNAVAILABLE] : [];
  const byLimits = ["dropped/over_quota", "refused/series_limit"];
  for (const what of reasons.filter((one) => ![...shared, ...byLimits].includes(one))) {
    assert.equal(count(what), tally.of(what), `${tenant}: ${what}`);
  }
  const rest = [...shared, ...byLimits].reduce((sum, what) => sum + count(what) - tally.of(what), 0);
  assert.equal(count("stored") + rest, tally.kept, `${tenant}: stored, or no place`);
  const isBounded = { limited: "refused/series_limit", quota: "dropped/over_quota", reloaded: DROPPED };
  const bound = Object.entries(isBounded).find(([whose]) => whose === tenant)?.[1];
  assert.ok(bound === undefined || count(bound) > tally.of(bound), `${tenant}: ${bound} happened`);
}
