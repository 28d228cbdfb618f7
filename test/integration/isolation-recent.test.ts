import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Registry } from "prom-client";
import { openReading } from "../../services/horizon/reading/open-reading.ts";
import { RECENT_PATH } from "../../services/horizon/reading/recent-route.ts";
import { compileKeys } from "../../services/shared/key-ring.ts";
import { createLogger } from "../../services/shared/logger.ts";
import { buildOperationsApp } from "../../services/shared/operations-server.ts";
import { parseSettings } from "../../settings/load.ts";
import {
  ALPHA,
  assertTellsNothing,
  BRAVO,
  bravoWrites,
  FLUX_API_KEYS,
  NOBODY,
  nameless,
  openTwoTenants,
  remoteWrite,
  type Sent,
  send,
} from "../flux/support/two-tenants.ts";
import { type HorizonProcess, spawnHorizon } from "../horizon/support/spawn-horizon.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { type Route, routesOf } from "../support/routes-of.ts";
import { until } from "../support/until.ts";

/*
 * One tenant tries to read what Horizon has stored for another one, by every route that Horizon has and in every field
 * of the one that answers series. Each attempt finds its own series or nothing, and is answered as it would be if the
 * other tenant did not exist.
 */

const MAX_SEARCHED = 5;
/** RedisTimeSeries keeps a day. */
const timestampMs = Date.now();
const OWN_METRIC = "metric_of_alpha";

let server: RedisServer;
let horizon: HorizonProcess;
let settings: Readonly<Record<string, string>>;
const closing: (() => Promise<void>)[] = [];

before(async () => {
  server = await startRedis();
  const flux = await openTwoTenants({ after: (close) => closing.push(close) }, server.url);
  // So many that one who searched through them would be told that there are too many.
  const many = Array.from({ length: 2 * MAX_SEARCHED }, (_, i) => [
    ["__name__", `other_${BRAVO.metric}`] as const,
    ["path", `${BRAVO.path}/${i}`] as const,
  ]);
  const own = [["__name__", OWN_METRIC] as const, ["path", "/path-of-alpha"] as const];
  const requests = [
    bravoWrites(timestampMs),
    remoteWrite(many, { key: BRAVO.key }, { timestampMs }),
    remoteWrite([own], KEY, { timestampMs }),
  ];
  for (const sent of requests) {
    assert.equal((await send(flux.intakeUrl, sent)).status, 204);
  }
  settings = {
    ...{ REDIS_URL: server.url, REDIS_KEY_PREFIX: flux.prefix, VICTORIAMETRICS_ENABLED: "false", FLUX_API_KEYS },
    ...{ HORIZON_INTERVAL_SECONDS: "1", RTS_READ_MAX_SEARCHED: String(MAX_SEARCHED), LOG_LEVEL: "warn" },
  };
  horizon = await spawnHorizon(settings);
  const isThere = async (key: string, metric: string) =>
    (await send(horizon.adminUrl, recent([metric], { key }))).text.includes('"values"');
  await until(async () => (await isThere(BRAVO.key, BRAVO.metric)) && (await isThere(ALPHA.key, OWN_METRIC)));
});
after(async () => {
  await horizon?.stop();
  for (const close of closing) {
    await close();
  }
  await server.stop();
});

type Parameter = [name: string, value: string];
const KEY = { key: ALPHA.key };
const TIMES: readonly Parameter[] = [
  ["start", String(timestampMs / 1000 - 120)],
  ["end", String(timestampMs / 1000 + 60)],
];

function recent(matches: readonly string[], headers: Sent["headers"] = KEY, more: readonly Parameter[] = []): Sent {
  const parameters = [...matches.map((match): Parameter => ["match", match]), ...TIMES, ...more];
  return { method: "GET", path: `${RECENT_PATH}?${new URLSearchParams(parameters)}`, headers };
}

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

/** By what is asked for; with its own key each finds nothing, or what the reader has itself. */
const matchesFor = (tenant: string): string[] => [
  ...[
    `metric_of_${tenant}`,
    `{__name__="metric_of_${tenant}"}`,
    `{__name__=~".*_of_${tenant}"}`,
    '{__name__!=""}',
    "{}",
  ],
  ...[`{_tenant_id="${tenant}"}`, `{_tenant_id=~"${tenant}|alpha"}`, '{_tenant_id=~".*"}', '{_tenant_id!="alpha"}'],
  ...['{_tenant_id=""}', '{_tenant_id!~"alpha"}', `{_tenant_id="alpha",_tenant_id="${tenant}"}`],
  ...[`{"_tenant_id"="${tenant}"}`, `{_tenant_id="(alpha,${tenant})"}`, `{_tenant_id="${tenant}\\x00"}`],
  ...[`{"_tenant_id=${tenant},x"="1"}`, `{x="1) _tenant_id=${tenant}"}`, `{x!="",_tenant_id=~"${tenant}.*"}`],
  ...[`{_server_id="srv-of-${tenant}"}`, `{path="/path-of-${tenant}"}`, `{path=~"/path-of-${tenant}/[0-9]"}`],
  ...['{path!~"/path-of-alpha"}', `{__name__=~"other_metric_of_${tenant}",path=~".+[0-9]"}`, `{${tenant}`],
];

/** By who asks, for the other's metric and for everything. */
const readersFor = (tenant: string): [what: string, status: number, headers: NonNullable<Sent["headers"]>][] => [
  ["header", 403, { ...KEY, "x-tenant-id": tenant }],
  ["header in capitals", 403, { ...KEY, "X-TENANT-ID": tenant }],
  ["header twice", 403, { ...KEY, "x-tenant-id": [ALPHA.tenant, tenant] }],
  ["header with a list", 403, { ...KEY, "x-tenant-id": `${ALPHA.tenant},${tenant}` }],
  ["header with blanks around", 403, { ...KEY, "x-tenant-id": ` ${tenant}\t` }],
  ["header with a wildcard", 403, { ...KEY, "x-tenant-id": `${tenant.slice(0, 3)}*` }],
  ["other headers", 200, { ...KEY, tenant, "x-scope-orgid": tenant, "x-server-id": `srv-of-${tenant}` }],
  ["no key", 401, { "x-tenant-id": tenant }],
  ["the other's name as the key", 403, { key: tenant }],
  ["the beginning of a key", 403, { key: `key-of-${tenant}-0` }],
  ["the other's name as user", 200, { authorization: basic(tenant, ALPHA.key) }],
  ["two keys", 403, { key: [ALPHA.key, `key-of-${tenant}-02`] }],
  ["a key that is wrong beside its own", 200, { ...KEY, authorization: basic(tenant, `key-of-${tenant}-02`) }],
];

/** By parameters that have nothing to say here. */
const parametersFor = (tenant: string): Parameter[][] => [
  ...["x-tenant-id", "tenant", "_tenant_id", "namespace", "db", "org", "key"].map((name): Parameter[] => [
    [name, tenant],
  ]),
  [
    ["step", "60"],
    ["aggregation", "count"],
  ],
  [["aggregation", `count FILTER _tenant_id=${tenant}`]],
  [["limit", "100000"]],
  [["match[]", `{_tenant_id="${tenant}"}`]],
];

const attemptsFor = (tenant: string): [what: string, statuses: readonly number[], sent: Sent][] => [
  ...matchesFor(tenant).flatMap((match): [string, number[], Sent][] => [
    [`match ${match}`, [200, 400], recent([match])],
    [`match ${match} beside its own`, [200, 400], recent([OWN_METRIC, match])],
  ]),
  ...readersFor(tenant).flatMap(([what, status, headers]) =>
    [`metric_of_${tenant}`, '{_tenant_id!=""}'].map((match): [string, number[], Sent] => [
      `${what}, ${match}`,
      [status],
      recent([match], headers),
    ]),
  ),
  ...parametersFor(tenant).map((more): [string, number[], Sent] => [
    `parameters ${JSON.stringify(more)}`,
    [200, 400],
    recent([`metric_of_${tenant}`], KEY, more),
  ]),
];

test("nobody reads a series of another tenant, or learns whether there is one, by any field", async () => {
  const forNobody = attemptsFor(NOBODY);
  for (const [i, [what, statuses, sent]] of attemptsFor(BRAVO.tenant).entries()) {
    const heard = await send(horizon.adminUrl, sent);
    assertTellsNothing(heard, what, sent);
    assert.ok(statuses.includes(heard.status), `${what}: ${heard.status} ${heard.text}`);
    const owners = heard.text.matchAll(/"_tenant_id":"([^"]*)"/g);
    assert.deepEqual(
      [...owners].filter(([, owner]) => owner !== ALPHA.tenant),
      [],
      what,
    );
    const [, , same] = forNobody[i] ?? assert.fail();
    assert.equal(nameless(heard), nameless(await send(horizon.adminUrl, same)), what);
  }
});

test("both read what is theirs", async () => {
  for (const [key, own, count] of [
    [ALPHA.key, OWN_METRIC, 1],
    [BRAVO.key, BRAVO.metric, 1],
    [BRAVO.key, `other_${BRAVO.metric}`, 2 * MAX_SEARCHED],
  ] as const) {
    const { text } = await send(horizon.adminUrl, recent([own], { key }));
    assert.equal(text.match(/"values"/g)?.length, count, text);
  }
});

test("no other route of Horizon, by any method, tells a key, a series or a label", async () => {
  const routes = await routesOfHorizon();
  assert.ok(routes.some(({ path }) => path === RECENT_PATH));
  for (const { method, path } of routes) {
    for (const headers of [{}, KEY, { ...KEY, "x-tenant-id": BRAVO.tenant }]) {
      const query = new URLSearchParams({ match: `{_tenant_id="${BRAVO.tenant}"}`, "x-tenant-id": BRAVO.tenant });
      const { text } = await send(horizon.adminUrl, { method, path: `${path}?${query}`, headers });
      for (const secret of [BRAVO.key, ALPHA.key, BRAVO.url, BRAVO.metric, BRAVO.path, BRAVO.server]) {
        assert.ok(!text.includes(secret), `${method} ${path} tells ${secret}`);
      }
    }
  }
});

/** All that Horizon's listener has. */
async function routesOfHorizon(): Promise<Route[]> {
  const loaded = parseSettings(undefined, settings);
  assert.ok(loaded.ok);
  const registry = new Registry();
  const logger = createLogger("test", "silent");
  const reading = { settings: loaded.settings, keys: () => compileKeys(loaded.settings), registry, logger };
  const app = buildOperationsApp({
    ...{ registry, logger },
    isReady: async () => ({ ready: true, detail: {} }),
    status: () => ({}),
    reload: async () => ({ ok: true, needRestart: [] }),
    addRoutes: openReading({ ...reading, url: undefined, lifecycle: { onStop: () => undefined } }),
  });
  return routesOf(app);
}
