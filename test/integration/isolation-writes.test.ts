import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { INFLUX_WRITE_PATHS, WRITE_PATHS } from "../../services/flux/dialects/choose-dialect.ts";
import { TENANT_LABEL } from "../../services/shared/series.ts";
import { bufferedSamples } from "../flux/support/buffer-contents.ts";
import type { LiveFlux } from "../flux/support/live-flux.ts";
import { ownedEntries } from "../flux/support/owned-entries.ts";
import {
  ALPHA,
  assertTellsNothing,
  BRAVO,
  bravoWrites,
  metricsOfBravo,
  NOBODY,
  nameless,
  openTwoTenants,
  remoteWrite,
  type Sent,
  send,
  TIME_MS,
} from "../flux/support/two-tenants.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { writeRequestBody } from "../support/write-request.ts";

/*
 * One tenant tries to write as another one, by every route and in every field (DESIGN 5.2). Each attempt is either
 * refused whole or stored as its sender's own; and it is answered as it would be if the other tenant did not exist.
 */

let server: RedisServer;
let flux: LiveFlux;
const closing: (() => Promise<void>)[] = [];

before(async () => {
  server = await startRedis();
  const tenants = { [ALPHA.tenant]: { influx: { stringFields: "info", dbPrefix: "db" } } };
  const settings = { FLUX_TENANTS: JSON.stringify(tenants) };
  flux = await openTwoTenants({ after: (close) => closing.push(close) }, server.url, settings);
  assert.equal((await send(flux.intakeUrl, bravoWrites())).status, 204);
});
after(async () => {
  for (const close of closing) {
    await close();
  }
  await server.stop();
});

type Outcome = "refused" | "its own" | "nothing";
type Attempt = readonly [what: string, outcome: Outcome, make: (victim: string) => Sent];

/** Every attempt has a time of its own, so that no two of them are the same samples. */
const clock = { nowMs: TIME_MS };
const KEY = { key: ALPHA.key };
const JSON_TYPE = { "content-type": "application/json" };
const SERIES = [[["__name__", "stolen"] as const]];
const oneLine = () => `stolen value=1 ${clock.nowMs}000000`;
const remote = (
  series: readonly (readonly (readonly [string, string])[])[],
  headers?: Sent["headers"],
  path?: string,
) => remoteWrite(series, headers, { ...(path !== undefined && { path }), timestampMs: clock.nowMs });
const basic = (user: string, key: string = ALPHA.key) => `Basic ${Buffer.from(`${user}:${key}`).toString("base64")}`;
const jsonBody = (item: object = {}, more: object = {}) =>
  JSON.stringify({ ...more, metrics: [{ metric: "stolen", timestamp: clock.nowMs, value: 1, ...item }] });
const written = (labels: readonly (readonly [string, string])[], headers: Sent["headers"] = KEY) =>
  remote([[["__name__", "stolen"], ...labels]], headers);
const line = (body: string, path = "/write", headers: Sent["headers"] = KEY): Sent => ({ path, headers, body });

/** Every route with the other tenant in its header, and, where the path has a place for it, in the path. */
const byRoute: Attempt[] = [
  ...WRITE_PATHS.flatMap((path): Attempt[] => [
    [`header, remote-write at ${path}`, "refused", (v) => remote(SERIES, { ...KEY, "x-tenant-id": v }, path)],
    [
      `header, JSON at ${path}`,
      "refused",
      (v) => ({ path, headers: { ...KEY, ...JSON_TYPE, "x-tenant-id": v }, body: jsonBody() }),
    ],
    [
      `header, JSON at ${path} with the key in the body`,
      "refused",
      (v) => ({ path, headers: { ...JSON_TYPE, "x-tenant-id": v }, body: jsonBody({}, KEY) }),
    ],
    [`header, lines at ${path}?db=`, "refused", (v) => line(oneLine(), `${path}?db=x`, { ...KEY, "x-tenant-id": v })],
  ]),
  ...INFLUX_WRITE_PATHS.flatMap((path): Attempt[] => {
    const below = (tenant: string) => path.replace(":tenant", tenant).replace(":server", "s");
    return path.includes(":tenant")
      ? [
          [`path ${path}`, "refused", (v) => line(oneLine(), below(v))],
          [
            `path ${path}, escaped`,
            "refused",
            (v) => line(oneLine(), below(`%${v.charCodeAt(0).toString(16)}${v.slice(1)}`)),
          ],
          [
            `path ${path}, own in the header`,
            "refused",
            (v) => line(oneLine(), below(v), { ...KEY, "x-tenant-id": "alpha" }),
          ],
        ]
      : [[`header, lines at ${path}`, "refused", (v) => line(oneLine(), path, { ...KEY, "x-tenant-id": v })]];
  }),
];

/** Every other place of a request in which a tenant can be named. */
const byIdentity: Attempt[] = [
  ["header twice", "refused", (v) => remote(SERIES, { ...KEY, "x-tenant-id": [ALPHA.tenant, v] })],
  ["header in capitals", "refused", (v) => remote(SERIES, { ...KEY, "X-TENANT-ID": v })],
  ["header with blanks around", "refused", (v) => remote(SERIES, { ...KEY, "x-tenant-id": ` ${v}\t` })],
  ["header with a list", "refused", (v) => remote(SERIES, { ...KEY, "x-tenant-id": `${ALPHA.tenant},${v}` })],
  ["header with a wildcard", "refused", (v) => remote(SERIES, { ...KEY, "x-tenant-id": `${v.slice(0, 3)}*` })],
  ["no key but the other's name", "refused", (v) => remote(SERIES, { "x-tenant-id": v })],
  ["the other's name as the key", "refused", (v) => remote(SERIES, { key: v, "x-tenant-id": v })],
  ["the other's name as user, remote-write", "its own", (v) => remote(SERIES, { authorization: basic(v) })],
  ["query, remote-write", "its own", (v) => remote(SERIES, KEY, `/prometheus/write?x-tenant-id=${v}&org=${v}`)],
  [
    "query, JSON",
    "its own",
    (v) => ({ path: `/prometheus/write?x-tenant-id=${v}`, headers: { ...KEY, ...JSON_TYPE }, body: jsonBody() }),
  ],
  ["query x-tenant-id, lines", "refused", (v) => line(oneLine(), `/write?x-tenant-id=${v}`)],
  ["query X-Tenant-Id, lines", "refused", (v) => line(oneLine(), `/write?X-Tenant-Id=${v}`)],
  ["query x-tenant-id twice", "refused", (v) => line(oneLine(), `/write?x-tenant-id=${v}&x-tenant-id=alpha`)],
  ["org", "refused", (v) => line(oneLine(), `/api/v2/write?org=${v}&bucket=x`)],
  ["user name", "refused", (v) => line(oneLine(), "/write", { authorization: basic(v) })],
  ["user name with a server", "refused", (v) => line(oneLine(), "/write", { authorization: basic(`${v}/s`) })],
  ["user name in parts", "refused", (v) => line(oneLine(), "/write", { authorization: basic(`tenant=${v};server=s`) })],
  [
    "user name of a Token",
    "refused",
    (v) => line(oneLine(), "/api/v2/write", { authorization: `Token ${v}:${ALPHA.key}` }),
  ],
  ["user name in the query", "refused", (v) => line(oneLine(), `/write?u=${v}&p=${ALPHA.key}`, {})],
  [
    "user name with another key in the header",
    "its own",
    (v) => line(oneLine(), "/write", { ...KEY, authorization: basic(v, "x") }),
  ],
  ["database", "its own", (v) => line(oneLine(), `/write?db=${v}`)],
  ["retention policy", "its own", (v) => line(oneLine(), `/write?db=x&rp=${v}`)],
  ["bucket", "its own", (v) => line(oneLine(), `/api/v2/write?bucket=${v}/${v}`)],
  ["server", "its own", (v) => remote(SERIES, { ...KEY, "x-server-id": v })],
  ["server with a NUL", "refused", (v) => line(oneLine(), `/write?x-server-id=${v}%00s`)],
  ["server with a slash", "refused", (v) => line(oneLine(), `/t/alpha/s/..%2F${v}%2Fs/write`)],
  ["server with a brace", "refused", (v) => line(oneLine(), `/write?x-server-id=%7B${v}%7D`)],
  ["server's URL", "its own", (v) => remote(SERIES, { ...KEY, "x-server-url": `http://${v}` })],
];

/** Every place in what is sent. */
const byPayload: Attempt[] = [
  ["label _tenant_id", "its own", (v) => written([["_tenant_id", v]])],
  [
    "label _tenant_id and _server_id",
    "its own",
    (v) =>
      written([
        ["_server_id", "s"],
        ["_tenant_id", v],
      ]),
  ],
  [
    "label _tenant_id twice",
    "its own",
    (v) =>
      written([
        ["_tenant_id", v],
        ["_tenant_id", v],
      ]),
  ],
  [
    "label _tenant_id beside its own",
    "its own",
    (v) =>
      written([
        ["_tenant_id", ALPHA.tenant],
        ["_tenant_id", v],
      ]),
  ],
  [
    "label tenant",
    "its own",
    (v) =>
      written([
        ["tenant", v],
        ["__tenant_id__", v],
        ["x-tenant-id", v],
      ]),
  ],
  [
    "rules that drop the owner",
    "refused",
    (v) => written([["_tenant_id", v]], { ...KEY, droplabels: "[['_tenant_id'],['_server_id']]" }),
  ],
  [
    "a rule that drops its own name",
    "refused",
    (v) => written([["_tenant_id", v]], { ...KEY, droplabels: "[['_tenant_id','alpha']]" }),
  ],
  [
    "a metric name that spells labels",
    "its own",
    (v) => remote([[["__name__", `m{_tenant_id="${v}",_server_id="s"}`]]]),
  ],
  [
    "a value that breaks out",
    "its own",
    (v) =>
      written([
        ["a", `x",_tenant_id="${v}`],
        ["b", `\n_tenant_id="${v}"`],
      ]),
  ],
  [
    "a name that breaks out",
    "its own",
    (v) =>
      written([
        [`a="",_tenant_id="${v}",b`, "x"],
        [`\n_tenant_id`, v],
      ]),
  ],
  [
    "JSON metric",
    "its own",
    (v) => ({
      path: "/prometheus/write",
      headers: { ...KEY, ...JSON_TYPE },
      body: jsonBody({ metric: `stolen{_tenant_id="${v}"}` }),
    }),
  ],
  [
    "fields of a JSON item",
    "its own",
    (v) => ({
      path: "/prometheus/write",
      headers: { ...KEY, ...JSON_TYPE },
      body: jsonBody({
        tenant: v,
        tenant_id: v,
        _tenant_id: v,
        "x-tenant-id": v,
        namespace: v,
        server_id: v,
        labels: { _tenant_id: v },
      }),
    }),
  ],
  [
    "fields of a JSON body",
    "its own",
    (v) => ({
      path: "/prometheus/write",
      headers: JSON_TYPE,
      body: jsonBody(
        {},
        { ...KEY, tenant: v, tenant_id: v, "x-tenant-id": v, namespace: v, headers: { "x-tenant-id": v } },
      ),
    }),
  ],
  ["tag _tenant_id", "its own", (v) => line(`stolen,_tenant_id=${v} value=1 ${clock.nowMs}000000`)],
  [
    "tags that become _tenant_id",
    "its own",
    (v) => line(`stolen,_tenant-id=${v},_tenant.id=${v} value=1 ${clock.nowMs}000000`),
  ],
  ["tag in quotes", "its own", (v) => line(`stolen,a=",_tenant_id=${v}" value=1 ${clock.nowMs}000000`)],
  ["field _tenant_id", "its own", (v) => line(`stolen _tenant_id="${v}",value=1 ${clock.nowMs}000000`)],
  [
    "measurement that spells labels",
    "its own",
    (v) => line(`stolen{_tenant_id\\="${v}"} value=1 ${clock.nowMs}000000`),
  ],
  ["database that spells labels", "its own", (v) => line(oneLine(), `/write?db=x%7B_tenant_id%3D%22${v}%22%7D`)],
  [
    "what the adapter of 1.x sends",
    "its own",
    (v) =>
      line(`stolen,_tenant_id=${v},a=b\\ value=1 ${clock.nowMs}`, "/write?db=x&rp=&consistency=&precision=ms", {
        ...KEY,
        "user-agent": "InfluxDBClient",
      }),
  ],
  [
    "what the adapter of 2.x sends",
    "its own",
    (v) =>
      line(`stolen,_tenant_id=${v} value=1 ${clock.nowMs}`, `/api/v2/write?bucket=x&org=&precision=ms`, {
        ...KEY,
        "user-agent": "influxdb-client-go/2",
      }),
  ],
  [
    "metadata of the other's metric",
    "nothing",
    (v) => ({
      path: "/prometheus/write",
      headers: KEY,
      body: writeRequestBody([], [{ type: 2, metric_family_name: `metric_of_${v}`, help: v, unit: "" }]),
    }),
  ],
  [
    "the other's very series",
    "its own",
    (v) =>
      remote([
        [
          ["__name__", `metric_of_${v}`],
          ["_server_id", `srv-of-${v}`],
          ["_tenant_id", v],
          ["path", `/path-of-${v}`],
        ],
      ]),
  ],
  [
    "a test of the other's series",
    "nothing",
    (v) =>
      remote(
        [
          [
            ["__name__", `metric_of_${v}`],
            ["_tenant_id", v],
          ],
        ],
        { ...KEY, "x-test-only": "true" },
      ),
  ],
];

const groups: [name: string, attempts: readonly Attempt[]][] = [
  ["a route", byRoute],
  ["a place for names", byIdentity],
  ["what is sent", byPayload],
];

for (const [name, attempts] of groups) {
  describe(`to write as another tenant by ${name} fails:`, () => {
    for (const [what, outcome, make] of attempts) {
      test(`${what}: ${outcome}`, () => attempt(what, outcome, make));
    }
  });
}

async function attempt(what: string, outcome: Outcome, make: (victim: string) => Sent): Promise<void> {
  clock.nowMs++;
  const before = await seen();
  const sent = make(BRAVO.tenant);
  const heard = await send(flux.intakeUrl, sent);
  assertTellsNothing(heard, what, sent);
  const statuses = outcome === "refused" ? [400, 401, 403] : [200, 204];
  assert.ok(statuses.includes(heard.status), `${heard.status} ${heard.text}`);

  const now = await seen();
  const stored = now.samples.filter(({ series, timestampMs }) => !before.known.has(`${series} ${timestampMs}`));
  assert.equal(stored.length > 0, outcome === "its own", JSON.stringify(heard));
  for (const { tenant, namespace, labels } of stored) {
    assert.deepEqual([tenant, namespace], [ALPHA.tenant, ALPHA.tenant]);
    const owners = labels.filter(({ name }) => name === TENANT_LABEL).map(({ value }) => value);
    assert.deepEqual(owners, [ALPHA.tenant]);
  }
  const others = [...now.entries.keys()].filter((owner) => owner !== ALPHA.tenant);
  assert.deepEqual(others, [BRAVO.tenant], "somebody else came to own something");
  assert.deepEqual(now.entries.get(BRAVO.tenant), before.entries.get(BRAVO.tenant), "what bravo has in Redis changed");
  assert.deepEqual(now.metrics, before.metrics);

  const asForNobody = await send(flux.intakeUrl, make(NOBODY));
  assert.equal(nameless(heard), nameless(asForNobody), "the answer tells whether the other tenant exists");
}

/** What there is in Redis, and what Flux counts of bravo. */
async function seen() {
  const samples = await bufferedSamples(flux.redis, flux.prefix);
  return {
    samples,
    known: new Set(samples.map(({ series, timestampMs }) => `${series} ${timestampMs}`)),
    entries: await ownedEntries(flux.redis, flux.prefix),
    metrics: await metricsOfBravo(flux),
  };
}
