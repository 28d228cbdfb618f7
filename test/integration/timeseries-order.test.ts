import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { KnownSeries } from "../../services/horizon/known-series.ts";
import { knownSeries } from "../horizon/support/known-series.ts";
import { sliceOf } from "../horizon/support/slices.ts";
import { openTimeSeriesStore, type StoreSettings, type TestClaim } from "../horizon/support/time-series-store.ts";
import { createRandom, type Random } from "../support/random.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { bitsOf } from "../support/special-values.ts";

/*
 * What stands in RedisTimeSeries in the end is a function of what was sent, and of nothing else: claims are delivered
 * in any order, cut into any slices, by processes that know nothing of each other and die at any command.
 */

let server: RedisServer;
before(async () => {
  server = await startRedis({ args: ["--appendonly", "no"] });
});
after(() => server.stop());

const START_MS = Date.UTC(2026, 0, 1, 12);
const series = Array.from({ length: 6 }, (_, i) => knownSeries(BigInt(i + 1), { __name__: "m", i: String(i) }));

interface Sample {
  readonly series: KnownSeries;
  readonly timestampMs: number;
  readonly value: number;
}

interface Claim {
  readonly claimedAtMs: number;
  readonly samples: readonly Sample[];
}

/** The claims of some minutes; a series has no two samples of one time within a claim. */
function inventClaims(random: Random, { claims, minutes }: { claims: number; minutes: number }): Claim[] {
  let value = 0;
  return Array.from({ length: claims }, (_, i) => {
    const samples = new Map<string, Sample>();
    for (let n = 1 + random.below(25); n > 0; n--) {
      const one = random.pick(series as [KnownSeries, ...KnownSeries[]]);
      const timestampMs = START_MS + random.below(minutes) * 60_000 + random.below(6) * 10_000;
      samples.set(`${one.idText} ${timestampMs}`, { series: one, timestampMs, value: value++ });
    }
    return { claimedAtMs: START_MS + i * 60_000, samples: [...samples.values()] };
  });
}

/** Cuts a claim into slices, its samples in any order and some of them twice. */
function cut(random: Random, { claimedAtMs, samples }: Claim): TestClaim {
  const rest = shuffle(random, [...samples, ...samples.filter(() => random.below(5) === 0)]);
  const slices: TestClaim["slices"][number][] = [];
  while (rest.length > 0) {
    const some = rest.splice(0, 1 + random.below(8));
    slices.push(
      sliceOf(some.map((one) => ({ series: one.series, samples: [[one.timestampMs, bitsOf(one.value)] as const] }))),
    );
  }
  return { claimedAtMs, slices };
}

/** Delivers claims in this order, each until it was delivered once as a whole, some again; processes die and begin. */
async function deliverAll(
  t: Parameters<typeof openTimeSeriesStore>[0],
  random: Random,
  claims: readonly Claim[],
  settings: StoreSettings,
) {
  const store = await openTimeSeriesStore(t, server.url, START_MS + 3_600_000);
  let sink = store.startSink(settings);
  let deaths = 0;
  for (const claim of claims) {
    for (let isDone = false; !isDone; ) {
      let commandsLeft = random.below(3) === 0 ? Number.POSITIVE_INFINITY : random.below(12);
      const assertHeld = () => {
        if (commandsLeft-- === 0) {
          throw new Error("the process died");
        }
      };
      try {
        await store.deliver(sink, cut(random, claim), { assertHeld });
        isDone = random.below(4) > 0;
      } catch (error) {
        assert.match(String(error), /the process died/);
        deaths++;
      }
      if (random.below(3) === 0) {
        sink = store.startSink(settings);
      }
    }
  }
  return { store, deaths };
}

async function storedIn(store: Awaited<ReturnType<typeof openTimeSeriesStore>>) {
  const stored = new Map<string, number>();
  for (const one of series) {
    for (const [timestampMs, value] of (await store.samples(one)) ?? []) {
      stored.set(`${one.idText} ${timestampMs}`, value);
    }
  }
  return stored;
}

/** The value of the newest sample of each bucket; of one time, that of the latest claim. */
function newestOf(claims: readonly Claim[], resolutionMs: number): Map<string, number> {
  const newest = new Map<string, Sample & { order: number }>();
  for (const { claimedAtMs: order, samples } of claims) {
    for (const sample of samples) {
      const { timestampMs } = sample;
      const place = `${sample.series.idText} ${timestampMs - (resolutionMs === 0 ? 0 : timestampMs % resolutionMs)}`;
      const known = newest.get(place);
      const isNewer =
        !known || timestampMs > known.timestampMs || (timestampMs === known.timestampMs && order > known.order);
      if (isNewer) {
        newest.set(place, { ...sample, order });
      }
    }
  }
  return new Map([...newest].map(([place, { value }]) => [place, value]));
}

test("each bucket holds the value of its newest sample, whatever came when, and however often", async (t) => {
  const random = createRandom();
  t.diagnostic(`seed ${random.seed}`);
  let deaths = 0;
  for (let round = 0; round < 25; round++) {
    const claims = inventClaims(random, { claims: 5, minutes: 4 });
    const settings = { batchSamples: 1 + random.below(6), maxKeptBack: random.pick([4, 1000]) };
    const outcome = await deliverAll(t, random, shuffle(random, claims), settings);
    assert.deepEqual(sorted(await storedIn(outcome.store)), sorted(newestOf(claims, 60_000)), `round ${round}`);
    deaths += outcome.deaths;
  }
  assert.ok(deaths > 25, `only ${deaths} deaths`);
});

test("without a resolution every time holds the value of the latest claim, as claims are delivered in turn", async (t) => {
  const random = createRandom();
  t.diagnostic(`seed ${random.seed}`);
  for (let round = 0; round < 10; round++) {
    const claims = inventClaims(random, { claims: 5, minutes: 3 });
    const settings = { resolutionMs: 0, batchSamples: 1 + random.below(6), maxKeptBack: random.pick([4, 1000]) };
    const { store } = await deliverAll(t, random, claims, settings);
    assert.deepEqual(sorted(await storedIn(store)), sorted(newestOf(claims, 0)), `round ${round}`);
  }
});

test("without a resolution an earlier claim that comes after a later one takes no value from it", async (t) => {
  const random = createRandom();
  t.diagnostic(`seed ${random.seed}`);
  for (let round = 0; round < 10; round++) {
    const claims = inventClaims(random, { claims: 2, minutes: 2 });
    const { store } = await deliverAll(t, random, shuffle(random, claims), { resolutionMs: 0, batchSamples: 3 });
    assert.deepEqual(sorted(await storedIn(store)), sorted(newestOf(claims, 0)), `round ${round}`);
  }
});

function shuffle<T>(random: Random, items: readonly T[]): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(random.below(left.length), 1));
}

function sorted(values: ReadonlyMap<string, number>): [string, number][] {
  return [...values].sort(([a], [b]) => (a < b ? -1 : 1));
}
