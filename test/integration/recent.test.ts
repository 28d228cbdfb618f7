import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, type TestContext, test } from "node:test";
import { Registry } from "prom-client";
import type { KnownSeries } from "../../services/horizon/known-series.ts";
import { ReadMetrics } from "../../services/horizon/reading/read-metrics.ts";
import type { ReadLimits } from "../../services/horizon/reading/read-series.ts";
import { addRecentRoute } from "../../services/horizon/reading/recent-route.ts";
import { openTimeSeriesReader, type TimeSeriesReader } from "../../services/horizon/reading/timeseries-reader.ts";
import { compileKeys } from "../../services/shared/key-ring.ts";
import { createLogger } from "../../services/shared/logger.ts";
import { buildOperationsApp } from "../../services/shared/operations-server.ts";
import { knownSeries } from "../horizon/support/known-series.ts";
import { sliceOf } from "../horizon/support/slices.ts";
import { openTimeSeriesStore, type StoreSettings, type TimeSeriesStore } from "../horizon/support/time-series-store.ts";
import { fencedBlocks } from "../support/fenced-blocks.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { bitsOf } from "../support/special-values.ts";
import { until } from "../support/until.ts";

let server: RedisServer;
before(async () => {
  server = await startRedis({ args: ["--appendonly", "no"] });
});
after(() => server.stop());

const MINUTE_MS = 60_000;
const NOON = Date.UTC(2026, 0, 1, 12);
const LIMITS: ReadLimits = { maxSeries: 100, maxPoints: 10_000, maxSearched: 1000 };
const keys = compileKeys({
  FLUX_SELF_API_KEY: "self-key-1",
  FLUX_API_KEYS: {
    "key-of-a": "a",
    "other-key-of-a": "a",
    "key-of-b": "b",
    "key-of-ab": { namespace: "x", tenants: ["a", "b"] },
  },
});

type Samples = readonly (readonly [timestampMs: number, value: number])[];

interface Answer {
  readonly status: number;
  readonly json: {
    readonly status: string;
    readonly error?: string;
    readonly errorType?: string;
    readonly warnings?: readonly string[];
    readonly data?: { resultType: string; result: { metric: Record<string, string>; values: [number, string][] }[] };
  };
}

interface Rig {
  readonly store: TimeSeriesStore;
  /** Writes samples with the sink. */
  write(series: readonly (readonly [KnownSeries, Samples])[], settings?: StoreSettings): Promise<void>;
  get(parameters: Record<string, string | readonly string[]>, headers?: Record<string, string>): Promise<Answer>;
  metrics(): Promise<string>;
}

interface RigOptions {
  readonly limits?: ReadLimits;
  readonly url?: string;
  /** Lets something happen between the commands. */
  readonly wrap?: (reader: TimeSeriesReader) => TimeSeriesReader;
}

async function openRig(
  t: TestContext,
  { limits = LIMITS, url = server.url, wrap = (reader) => reader }: RigOptions = {},
): Promise<Rig> {
  const store = await openTimeSeriesStore(t, url, NOON);
  const reader = openTimeSeriesReader(url, 5000);
  t.after(() => reader.close());
  const registry = new Registry();
  const source = { reader: wrap(reader), keyPrefix: store.prefix, limits };
  const logger = createLogger("test", "silent");
  const app = buildOperationsApp({
    ...{ registry, logger },
    isReady: async () => ({ ready: true, detail: {} }),
    status: () => ({}),
    reload: async () => ({ ok: true, needRestart: [] }),
    addRoutes: (to) =>
      addRecentRoute(to, { keys: () => keys, source, metrics: new ReadMetrics(registry), logger, now: () => NOON }),
  });
  const rig: Rig = {
    store,
    write: async (series, settings) => {
      const slices = [
        sliceOf(
          series.map(([one, samples]) => ({
            series: one,
            samples: samples.map(([time, value]) => [time, bitsOf(value)] as const),
          })),
        ),
      ];
      await store.deliver(store.startSink(settings), { claimedAtMs: NOON, slices });
    },
    get: async (parameters, headers = { key: "self-key-1" }) => {
      const query = new URLSearchParams(
        Object.entries(parameters).flatMap(([name, values]) =>
          [values].flat().map((value): [string, string] => [name, value]),
        ),
      );
      const reply = await app.inject({ url: `/api/v1/recent?${query}`, headers });
      return { status: reply.statusCode, json: reply.json() };
    },
    metrics: () => registry.metrics(),
  };
  await until(async () => (await rig.get({ match: "ready" })).status !== 503);
  return rig;
}

let lastId = 0n;
function seriesOf(tenant: string, labels: Record<string, string>): KnownSeries {
  lastId += 1n;
  return knownSeries(lastId, { _tenant_id: tenant, _server_id: "1", ...labels });
}

/** The label sets in an answer. */
function metricsIn({ json }: Answer): Record<string, string>[] {
  return (json.data?.result ?? []).map(({ metric }) => metric);
}

function valuesIn({ json }: Answer): [number, string][][] {
  return (json.data?.result ?? []).map(({ values }) => values);
}

test("series come back in Prometheus' form, with their labels and points", async (t) => {
  const rig = await openRig(t);
  await rig.write([
    [
      seriesOf("a", { __name__: "up", job: "node" }),
      [
        [NOON - 2 * MINUTE_MS, 1],
        [NOON - MINUTE_MS, 0.1],
      ],
    ],
  ]);
  assert.deepEqual(await rig.get({ match: "up" }), {
    status: 200,
    json: {
      status: "success",
      data: {
        resultType: "matrix",
        result: [
          {
            metric: { __name__: "up", _server_id: "1", _tenant_id: "a", job: "node" },
            values: [
              [NOON / 1000 - 120, "1"],
              [NOON / 1000 - 60, "0.1"],
            ],
          },
        ],
      },
    },
  });
  assert.match(await rig.metrics(), /horizon_reads_total\{status="200"\} [1-9]/);
});

test("values come back to the last bit, and times to the millisecond", async (t) => {
  const rig = await openRig(t);
  const values = [5e-324, -0, 1 / 3, Number.MAX_VALUE, -1e21, 123456789012345680, 0.1 + 0.2];
  const samples = values.map((value, i) => [NOON - 1000 + i, value] as const);
  await rig.write([[seriesOf("a", { __name__: "exact" }), samples]], { resolutionMs: 0 });
  const [read = []] = valuesIn(await rig.get({ match: "exact" }));
  assert.deepEqual(
    read.map(([seconds, text]) => [Math.round(seconds * 1000), bitsOf(Number(text))]),
    samples.map(([time, value]) => [time, bitsOf(value)]),
  );
});

const hostile = [
  ...[
    '"',
    "'",
    "`",
    "\\",
    "\\\\",
    "\n",
    "\t",
    " ",
    " a ",
    "!",
    "!=x",
    "=",
    "a=b",
    "=~",
    "(",
    ")",
    "(a,b)",
    ",",
    "%",
    "%28",
  ],
  ...[
    "%2528",
    "{",
    "}",
    "{a}",
    "*",
    "?",
    "[",
    "]",
    ".*",
    "|",
    "$",
    "^",
    "-",
    "+",
    "0",
    "nan",
    "FILTER",
    "encoding",
    "LABELS",
  ],
  ...["retention", "uncompressed", "Grüße", "日本", "💥", "\u2028", "é", "e\u0301", "a\u0000b", "x".repeat(4096)],
];

test("labels with any characters come back as they were, and are found by their exact value and by no other", async (t) => {
  const rig = await openRig(t);
  await rig.write(hostile.map((value) => [seriesOf("a", { __name__: "hostile", value }), [[NOON - 1000, 1]]]));
  const all = metricsIn(await rig.get({ match: "hostile" }));
  assert.deepEqual(new Set(all.map((metric) => metric["value"])), new Set(hostile));
  for (const value of hostile) {
    for (const match of [`{value=${JSON.stringify(value)}}`, `{value=~${JSON.stringify(quoteRegex(value))}}`]) {
      const found = await rig.get({ match }, { key: "key-of-a" });
      assert.deepEqual(metricsIn(found), [{ __name__: "hostile", _server_id: "1", _tenant_id: "a", value }], match);
    }
  }
});

test("label names with any characters come back as they were", async (t) => {
  const rig = await openRig(t);
  const names = ["http.path", "a b", "a=b", "a!", "(x)", "a,b", "%", "encoding", "__proto__", "1", "日本", '"'];
  await rig.write(names.map((name) => [seriesOf("a", { __name__: "named", [name]: "x" }), [[NOON - 1000, 1]]]));
  for (const name of names) {
    const found = metricsIn(await rig.get({ match: `{"named",${JSON.stringify(name)}="x"}` }));
    assert.equal(found.length, 1, name);
    assert.equal(Object.entries(found[0] ?? {}).find(([one]) => one === name)?.[1], "x");
  }
});

const population: Record<string, string>[] = [
  { __name__: "http_total", code: "200", path: "/a" },
  { __name__: "http_total", code: "404", path: "/b" },
  { __name__: "http_total", code: "500" },
  { __name__: "other", code: "200" },
];

const selections: [match: string | string[], found: number[]][] = [
  ["http_total", [0, 1, 2]],
  ['http_total{code="200"}', [0]],
  ['http_total{code!="200"}', [1, 2]],
  ['http_total{code=~"200|500"}', [0, 2]],
  ['http_total{code=~"[45].."}', [1, 2]],
  ['http_total{code!~"[45].."}', [0]],
  ['http_total{path=""}', [2]],
  ['http_total{path!=""}', [0, 1]],
  ['http_total{path=~"/.|"}', [0, 1, 2]],
  ['{__name__=~".+",code="200"}', [0, 3]],
  ['{_tenant_id="a",code=~".*"}', [0, 1, 2, 3]],
  [
    ["other", 'http_total{code="404"}'],
    [1, 3],
  ],
  [
    ["http_total", 'http_total{code="404"}'],
    [0, 1, 2],
  ],
  ["http", []],
];

test("every kind of matcher selects what it selects in Prometheus", async (t) => {
  const rig = await openRig(t);
  await rig.write(population.map((labels) => [seriesOf("a", labels), [[NOON - 1000, 1]]]));
  for (const [match, found] of selections) {
    const answer = await rig.get({ match });
    assert.equal(answer.status, 200, JSON.stringify(answer.json));
    const want = found.map((i) => ({ ...population[i], _server_id: "1", _tenant_id: "a" }));
    assert.deepEqual(new Set(metricsIn(answer).map(textOf)), new Set(want.map(textOf)), String(match));
    assert.equal(metricsIn(answer).length, found.length);
  }
});

test("nobody sees a series of a tenant that is not the key's, whatever the matchers say", async (t) => {
  const rig = await openRig(t);
  await rig.write([
    [seriesOf("a", { __name__: "up", secret: "of a" }), [[NOON - 1000, 1]]],
    [seriesOf("b", { __name__: "up", secret: "of b" }), [[NOON - 1000, 2]]],
    [seriesOf("b", { __name__: "only_b", x: "1" }), [[NOON - 1000, 3]]],
    [seriesOf("ab", { __name__: "up" }), [[NOON - 1000, 4]]],
  ]);
  const attempts = [
    ...["up", "{}", "only_b", '{_tenant_id="b"}', '{_tenant_id!="a"}', '{_tenant_id=~".*"}', '{_tenant_id=~"a|b"}'],
    ...['{_tenant_id=""}', '{_tenant_id!=""}', '{_tenant_id!~"a"}', '{secret="of b"}', '{secret=~".*b"}', '{x="1"}'],
    ...[
      '{"_tenant_id"="b"}',
      '{_tenant_id="(a,b)"}',
      '{"x)"="1"}',
      '{a="x\\x00) _tenant_id=b"}',
      '{_tenant_id="b\\x00"}',
    ],
    ...['{"_tenant_id=b,x"="1"}', '{"x!=_tenant_id"="b"}', '{_tenant_id="a",_tenant_id="b"}'],
  ];
  for (const match of attempts) {
    for (const headers of [{ key: "key-of-a" }, { key: "key-of-ab", "x-tenant-id": "a" }]) {
      const answer = await rig.get({ match: [match, "up"] }, headers);
      assert.equal(answer.status, 200, JSON.stringify(answer.json));
      assert.deepEqual(new Set(metricsIn(answer).map((metric) => metric["_tenant_id"])), new Set(["a"]), match);
      assert.ok(!JSON.stringify(answer.json).includes("of b"));
    }
  }
  const tenantsOf = async (headers: Record<string, string>) =>
    metricsIn(await rig.get({ match: "up" }, headers)).map((metric) => metric["_tenant_id"]);
  assert.deepEqual(await tenantsOf({ key: "key-of-ab" }), ["a", "b"]);
  assert.deepEqual(await tenantsOf({ key: "self-key-1" }), ["a", "ab", "b"]);
  assert.deepEqual(await tenantsOf({ key: "self-key-1", "x-tenant-id": "b" }), ["b"]);
});

test("nobody sees a series of another tenant even if RedisTimeSeries finds it", async (t) => {
  let all: string[] = [];
  const rig = await openRig(t, { wrap: (reader) => ({ ...reader, queryIndex: async () => all }) });
  const series = ["a", "b"].map((tenant) => seriesOf(tenant, { __name__: "up" }));
  await rig.write(series.map((one) => [one, [[NOON - 1000, 1]]]));
  all = series.map((one) => rig.store.key(one));
  const found = await rig.get({ match: ["{}", '{_tenant_id="b"}'] }, { key: "key-of-a" });
  assert.deepEqual(metricsIn(found), [{ __name__: "up", _server_id: "1", _tenant_id: "a" }]);
});

test("the example of docs/reading-back.md answers what the page says", async (t) => {
  const [request, answer] = fencedBlocks(readFileSync(new URL("../../docs/reading-back.md", import.meta.url), "utf8"));
  const parameters = [...(request?.text.matchAll(/--data-urlencode '(.*?)=(.*?)'/g) ?? [])];
  const begin = Date.UTC(2026, 0, 31, 12);
  const rig = await openRig(t);
  rig.store.clock.nowMs = begin;
  const series = seriesOf("acme", { __name__: "node_load1", _server_id: "prom-1", instance: "web-1:9100" });
  await rig.write([
    [
      series,
      [
        [begin, 0.3],
        [begin + MINUTE_MS, 0.42],
        [begin + 5 * MINUTE_MS, 0.38],
        [begin + 10 * MINUTE_MS, 1],
      ],
    ],
    [seriesOf("acme", { __name__: "node_load1", instance: "db-1:9100" }), [[begin, 2]]],
  ]);
  const read = await rig.get(Object.fromEntries(parameters.map(([, name = "", value = ""]) => [name, value])));
  assert.equal(parameters.length, 5);
  assert.deepEqual(read.json, JSON.parse(answer?.text ?? ""));
});

test("a key is asked for, and a tenant that is not its own is refused", async (t) => {
  const rig = await openRig(t);
  const statusOf = async (headers: Record<string, string>) => (await rig.get({ match: "up" }, headers)).status;
  assert.equal(await statusOf({}), 401);
  assert.equal(await statusOf({ key: "no-such-key" }), 403);
  assert.equal(await statusOf({ key: "key-of-a", "x-tenant-id": "b" }), 403);
  assert.equal(await statusOf({ key: "self-key-1", "x-tenant-id": "a b" }), 400);
});

test("series of another instance in the same Redis are not seen", async (t) => {
  const rig = await openRig(t);
  await rig.write([[seriesOf("a", { __name__: "shared" }), [[NOON - 1000, 1]]]]);
  const other = await openRig(t);
  assert.equal(metricsIn(await rig.get({ match: "shared" })).length, 1);
  assert.equal(metricsIn(await other.get({ match: "shared" })).length, 0);
});

test("start and end bound the points, both included; without them it is the last hour", async (t) => {
  const rig = await openRig(t);
  const minutes = Array.from({ length: 120 }, (_, i) => NOON - i * MINUTE_MS);
  await rig.write([[seriesOf("a", { __name__: "long" }), minutes.map((time) => [time, 1])]]);
  const timesOf = async (times: Record<string, string>) =>
    (valuesIn(await rig.get({ match: "long", ...times }))[0] ?? []).map(([seconds]) => (NOON / 1000 - seconds) / 60);
  assert.equal((await timesOf({})).length, 61);
  const start = new Date(NOON - 90 * MINUTE_MS).toISOString();
  assert.deepEqual(await timesOf({ start, end: String(NOON / 1000 - 88 * 60) }), [90, 89, 88]);
  assert.deepEqual(await timesOf({ start: "1000", end: "2000" }), []);
});

test("a step makes one point of many, by any aggregation", async (t) => {
  const rig = await openRig(t);
  const start = NOON - 10 * MINUTE_MS;
  const samples: Samples = [
    [start, 1],
    [start + MINUTE_MS, 5],
    [start + 2 * MINUTE_MS, 3],
    [start + 5 * MINUTE_MS, 7],
  ];
  await rig.write([[seriesOf("a", { __name__: "stepped" }), samples]]);
  const table = { avg: [3, 7], min: [1, 7], max: [5, 7], sum: [9, 7], count: [3, 1], last: [3, 7], first: [1, 7] };
  for (const [aggregation, values] of Object.entries({ ...table, "": table.last })) {
    const answer = await rig.get({ match: "stepped", step: "5m", aggregation });
    assert.deepEqual(valuesIn(answer), [
      [
        [start / 1000, String(values[0])],
        [start / 1000 + 300, String(values[1])],
      ],
    ]);
  }
});

test("a sum that is too large for a number is left out, and said", async (t) => {
  const rig = await openRig(t);
  const samples: Samples = [
    [NOON - 2 * MINUTE_MS, Number.MAX_VALUE],
    [NOON - MINUTE_MS, Number.MAX_VALUE],
    [NOON, 1],
  ];
  await rig.write([[seriesOf("a", { __name__: "huge" }), samples]]);
  const answer = await rig.get({ match: "huge", step: "3m", aggregation: "sum" });
  assert.equal(answer.status, 200);
  assert.deepEqual(
    valuesIn(answer)
      .flat()
      .map(([, value]) => value),
    ["1"],
  );
  assert.match(answer.json.warnings?.[0] ?? "", /^1 points are left out: their sums are too large/);
});

test("an answer that would be too large has fewer series, each of them whole, and says so", async (t) => {
  const rig = await openRig(t, { limits: { maxSeries: 3, maxPoints: 20, maxSearched: 1000 } });
  const samples: Samples = Array.from({ length: 6 }, (_, i) => [NOON - i * MINUTE_MS, i]);
  const write = (name: string, count: number) =>
    rig.write(Array.from({ length: count }, (_, i) => [seriesOf("a", { __name__: name, i: String(i) }), samples]));
  await write("three", 3);
  assert.equal((await rig.get({ match: "three" })).json.warnings, undefined);
  await write("four", 4);
  const cut = await rig.get({ match: "four" });
  assert.equal(metricsIn(cut).length, 3);
  assert.match(cut.json.warnings?.[0] ?? "", /^the answer has 3 series of up to 4 .* 3 series \(RTS_READ_MAX_SERIES/);
  const one = await rig.get({ match: "four", limit: "1" });
  assert.equal(metricsIn(one).length, 1);
  assert.ok(valuesIn(one).every((values) => values.length === 6));

  const few = await openRig(t, { limits: { maxSeries: 100, maxPoints: 13, maxSearched: 1000 } });
  await few.write(Array.from({ length: 3 }, (_, i) => [seriesOf("a", { __name__: "dense", i: String(i) }), samples]));
  const dense = await few.get({ match: "dense" });
  assert.deepEqual(
    valuesIn(dense).map((values) => values.length),
    [6, 6],
  );
  assert.match(dense.json.warnings?.[0] ?? "", /2 series of up to 3 .* 13 points \(RTS_READ_MAX_POINTS\)/);
  assert.equal((await few.get({ match: "dense", step: "1h" })).json.warnings, undefined);
});

test("a single series with too many points is refused, and what to do is said", async (t) => {
  const rig = await openRig(t, { limits: { ...LIMITS, maxPoints: 5 } });
  await rig.write([
    [seriesOf("a", { __name__: "dense" }), Array.from({ length: 6 }, (_, i) => [NOON - i * MINUTE_MS, i])],
  ]);
  const refused = await rig.get({ match: "dense" });
  assert.equal(refused.status, 422);
  assert.match(refused.json.error ?? "", /more than 5 points \(RTS_READ_MAX_POINTS\); ask for a shorter time/);
  assert.equal((await rig.get({ match: "dense", step: "2m" })).status, 200);
});

test("a search over too many series is refused, and one for named values never is", async (t) => {
  const rig = await openRig(t, { limits: { ...LIMITS, maxSearched: 9 } });
  await rig.write(
    Array.from({ length: 10 }, (_, i) => [seriesOf("a", { __name__: "many", i: String(i) }), [[NOON - 1000, i]]]),
  );
  const refused = await rig.get({ match: 'many{i=~"[12]"}' });
  assert.equal(refused.status, 422);
  assert.match(refused.json.error ?? "", /10 may match and RTS_READ_MAX_SEARCHED is 9; name more values$/);
  assert.equal(metricsIn(await rig.get({ match: 'many{i=~"1|2"}' })).length, 2);
  assert.equal(metricsIn(await rig.get({ match: "many" })).length, 10);
});

const faulty: [parameters: Record<string, string | string[]>, error: RegExp][] = [
  [{}, /the parameter match is missing/],
  [{ match: "up{" }, /expected a label at character 4/],
  [{ match: "{}" }, /each match must name a value/],
  [{ match: ["up", '{a=~".*"}'] }, /each match must name a value/],
  [{ match: "up", start: "x" }, /cannot read start/],
];

test("a request that cannot be understood is answered 400, with a sentence", async (t) => {
  const rig = await openRig(t);
  for (const [parameters, error] of faulty) {
    const { status, json } = await rig.get(parameters);
    assert.deepEqual([status, json.status, json.errorType], [400, "error", "bad_data"]);
    assert.match(json.error ?? "", error);
  }
});

test("while Redis is away the answer is 503 with the reason, and afterwards all is well", async (t) => {
  const own = await startRedis({ args: ["--appendonly", "no"] });
  t.after(() => own.stop());
  const rig = await openRig(t, { url: own.url });
  await own.stop();
  await until(async () => (await rig.get({ match: "up" })).status === 503);
  const { json } = await rig.get({ match: "up" });
  assert.equal(json.errorType, "unavailable");
  assert.match(json.error ?? "", /^cannot read from RedisTimeSeries: .*(ECONN|closed)/);
  assert.ok(!json.error?.includes("TS."), "the command is nobody's business");
  assert.match(await rig.metrics(), /horizon_reads_total\{status="503"\} [1-9]/);
  const again = await startRedis({ port: own.port, args: ["--appendonly", "no"] });
  t.after(() => again.stop());
  await until(async () => (await rig.get({ match: "up" })).status === 200);
});

test("series that expire between the search, their labels and their points are left out", async (t) => {
  let ghosts: string[] = [];
  let doomed = "";
  let endDoomed = async () => {};
  const rig = await openRig(t, {
    wrap: (reader) => ({
      ...reader,
      queryIndex: async (filters) => [...(await reader.queryIndex(filters)), ...ghosts],
      range: async (...request) => {
        if (request[0] === doomed) {
          await endDoomed();
        }
        return reader.range(...request);
      },
    }),
  });
  const brief = seriesOf("a", { __name__: "brief" });
  doomed = rig.store.key(brief);
  ghosts = [rig.store.key(seriesOf("a", {}))];
  await rig.write([
    [brief, [[NOON - 1000, 1]]],
    [seriesOf("a", { __name__: "brief", stays: "yes" }), [[NOON - 1000, 1]]],
  ]);
  assert.equal(metricsIn(await rig.get({ match: "brief" })).length, 2);
  endDoomed = async () => {
    await rig.store.redis.del(doomed);
  };
  assert.deepEqual(
    metricsIn(await rig.get({ match: "brief" })).map((metric) => metric["stays"]),
    ["yes"],
  );
});

test("a namespace has a few requests at a time, with all its keys, and those of others are answered meanwhile", async (t) => {
  const waiting: (() => void)[] = [];
  let mustWait = false;
  const rig = await openRig(t, {
    wrap: (reader) => ({
      ...reader,
      queryIndex: async (filters) => {
        if (mustWait) {
          await new Promise<void>((resolve) => waiting.push(resolve));
        }
        return reader.queryIndex(filters);
      },
    }),
  });
  mustWait = true;
  const held = [1, 2, 3].map(() => rig.get({ match: "up" }, { key: "key-of-a" }));
  await until(() => waiting.length === 3);
  for (const key of ["key-of-a", "other-key-of-a"]) {
    const refused = await rig.get({ match: "up" }, { key });
    assert.equal(refused.status, 503);
    assert.match(refused.json.error ?? "", /too many requests read at a time/);
  }
  mustWait = false;
  assert.equal((await rig.get({ match: "up" }, { key: "key-of-b" })).status, 200);
  for (const go of waiting) {
    go();
  }
  assert.deepEqual(
    (await Promise.all(held)).map(({ status }) => status),
    [200, 200, 200],
  );
  assert.equal((await rig.get({ match: "up" }, { key: "key-of-a" })).status, 200);
});

function quoteRegex(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&");
}

function textOf(metric: Record<string, string>): string {
  return JSON.stringify(Object.entries(metric).sort());
}
