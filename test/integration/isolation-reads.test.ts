import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { INFLUX_WRITE_PATHS, WRITE_PATHS } from "../../services/flux/dialects/choose-dialect.ts";
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
import type { Route } from "../support/routes-of.ts";

/*
 * One tenant tries to learn of another one: what it has stored, what its series are called, whether it is there at
 * all. The intake has no answer that depends on anybody but the one who asks.
 */

let server: RedisServer;
let flux: LiveFlux;
const closing: (() => Promise<void>)[] = [];

before(async () => {
  server = await startRedis();
  flux = await openTwoTenants({ after: (close) => closing.push(close) }, server.url, {
    FLUX_TENANTS: JSON.stringify({
      [BRAVO.tenant]: { dropMetrics: ["dropped_by_bravo"], limits: { maxLabelValueBytes: 77, maxActiveSeries: 88 } },
    }),
  });
  assert.equal((await send(flux.intakeUrl, bravoWrites())).status, 204);
});
after(async () => {
  for (const close of closing) {
    await close();
  }
  await server.stop();
});

const BASES = ["", "/influx", "/prometheus", "/flux/prometheus"];
const KEY = { key: ALPHA.key };
const FORM = { ...KEY, "content-type": "application/x-www-form-urlencoded" };

const statements = (tenant: string) => [
  "SHOW DATABASES",
  `SHOW MEASUREMENTS ON ${tenant}`,
  "SHOW SERIES",
  "SHOW USERS",
  `SELECT * FROM metric_of_${tenant}`,
];
const queries = (tenant: string): Sent[] =>
  [...BASES, ...BASES.map((base) => `${base}/t/${tenant}/s/srv-of-${tenant}`)].flatMap((base) => [
    ...["ping", "ping?verbose=1", "health"].map((path) => ({ method: "GET", path: `${base}/${path}`, headers: KEY })),
    ...statements(tenant).flatMap((q): Sent[] => [
      { method: "GET", path: `${base}/query?db=${tenant}&q=${encodeURIComponent(q)}`, headers: KEY },
      { path: `${base}/query`, headers: FORM, body: new URLSearchParams({ q, db: tenant }).toString() },
    ]),
    {
      path: `${base}/api/v2/query?org=${tenant}`,
      headers: { ...KEY, "content-type": "application/vnd.flux" },
      body: `from(bucket: "${tenant}") |> range(start: 0)`,
    },
  ]);

test("every route that answers a question answers it the same whoever is stored", async () => {
  for (const [i, sent] of queries(BRAVO.tenant).entries()) {
    const what = `${sent.method ?? "POST"} ${sent.path}`;
    const heard = await send(flux.intakeUrl, sent);
    assertTellsNothing(heard, what, sent);
    const asForNobody = await send(flux.intakeUrl, queries(NOBODY)[i] ?? sent);
    assert.equal(nameless(heard), nameless(asForNobody), what);
  }
});

/** Asks a route for another tenant in every place where one may be named. */
const askFor = (tenant: string, { method, path }: Route): Sent => {
  const places = { db: tenant, org: tenant, bucket: `${tenant}/srv-of-${tenant}`, "x-tenant-id": tenant };
  const query = new URLSearchParams({ ...places, q: `SHOW SERIES ON ${tenant}` });
  return {
    method,
    path: `${path.replace(":tenant", tenant).replace(":server", `srv-of-${tenant}`)}?${query}`,
    headers: { ...KEY, "x-tenant-id": tenant, "x-server-id": `srv-of-${tenant}` },
    body: `metric_of_${tenant} value=1 ${TIME_MS}000001`,
  };
};

test("no route of the intake, by any method, tells or changes anything of another tenant", async () => {
  const before = await ownedEntries(flux.redis, flux.prefix);
  const counted = await metricsOfBravo(flux);
  for (const route of flux.routes.intake) {
    const what = `${route.method} ${route.path}`;
    const sent = askFor(BRAVO.tenant, route);
    const heard = await send(flux.intakeUrl, sent);
    assertTellsNothing(heard, what, sent);
    assert.equal(nameless(heard), nameless(await send(flux.intakeUrl, askFor(NOBODY, route))), what);
    const isWrite = route.path.endsWith("write");
    assert.ok(!isWrite || [403, 405].includes(heard.status), `${what} is answered ${heard.status}`);
  }
  assert.deepEqual(await ownedEntries(flux.redis, flux.prefix), before);
  assert.deepEqual(await metricsOfBravo(flux), counted);
});

test("every route of the intake has cases of its own, here or among those that write", () => {
  const asked = queries(":tenant").map(({ path }) => path.split("?")[0]?.replace("srv-of-:tenant", ":server") ?? "");
  const known = new Set<string>([...asked, ...WRITE_PATHS, ...INFLUX_WRITE_PATHS]);
  const paths = new Set(flux.routes.intake.map(({ path }) => path));
  assert.deepEqual([...paths].sort(), [...known].sort());
});

const OPERATIONS = ["/metrics", "/-/status", "/-/ready", "/-/healthy", "/-/reload"];

test("operations are nowhere at the intake, whatever stands before them and whichever key comes with it", async () => {
  for (const base of ["", ...BASES.slice(1), "/.", "//", "/%2e", `/t/${BRAVO.tenant}/s/1`, "/write/.."]) {
    for (const path of OPERATIONS) {
      for (const method of ["GET", "POST"]) {
        const sent = { method, path: `${base}${path}`, headers: KEY };
        const heard = await send(flux.intakeUrl, sent);
        assert.equal(heard.status, 404, `${method} ${sent.path}`);
        assertTellsNothing(heard, sent.path, sent);
      }
    }
  }
});

test("the operators' own listener tells no key, no URL of a server, no series and no label", async () => {
  const paths = flux.routes.operations.map(({ path }) => path);
  assert.deepEqual([...new Set(paths)].sort(), [...OPERATIONS].sort());
  for (const { method, path } of flux.routes.operations) {
    const { text } = await send(flux.adminUrl, { method, path });
    for (const secret of [BRAVO.key, BRAVO.url, BRAVO.metric, BRAVO.path, BRAVO.server]) {
      assert.ok(!text.includes(secret), `${path} tells ${secret}`);
    }
  }
});

describe("a test of what would be stored", () => {
  const dialects: [name: string, make: (metric: string, tenant: string) => Sent][] = [
    [
      "remote-write",
      (metric, tenant) =>
        remoteWrite([
          [
            ["__name__", metric],
            ["_tenant_id", tenant],
            ["path", `/path-of-${tenant}`],
          ],
        ]),
    ],
    [
      "JSON",
      (metric, tenant) => ({
        path: "/prometheus/write",
        headers: { ...KEY, "content-type": "application/json" },
        body: JSON.stringify({
          metrics: [{ metric: `${metric}{_tenant_id="${tenant}"}`, timestamp: TIME_MS, value: 1 }, { metric }],
        }),
      }),
    ],
    [
      "line protocol",
      (metric, tenant) => ({
        path: "/write",
        headers: KEY,
        body: `${metric},_tenant_id=${tenant} value=1 ${TIME_MS}000000\n${metric} value=`,
      }),
    ],
  ];
  for (const [name, make] of dialects) {
    test(`tells by ${name} only of the request itself, the same whoever has such a series, and leaves nothing`, async () => {
      const before = await ownedEntries(flux.redis, flux.prefix);
      const report = async (tenant: string) => {
        const sent = make(`metric_of_${tenant}`, tenant);
        const rules = { dropmetrics: "dropped_by", droplabels: "nothing" };
        return send(flux.intakeUrl, { ...sent, headers: { ...sent.headers, ...rules, "x-test-only": "true" } });
      };
      const heard = await report(BRAVO.tenant);
      assert.equal(heard.status, 200, heard.text);
      assert.match(heard.text, /"tenant_id":"alpha".*_tenant_id=\\"alpha\\"/);
      assert.equal(nameless(heard), nameless(await report(NOBODY)));
      assert.deepEqual(await ownedEntries(flux.redis, flux.prefix), before);
    });
  }

  test("of another tenant is refused as for one that is not there", async () => {
    const report = (tenant: string) =>
      send(
        flux.intakeUrl,
        remoteWrite([[["__name__", "m"]]], { ...KEY, "x-tenant-id": tenant, "x-test-only": "true" }),
      );
    const heard = await report(BRAVO.tenant);
    assert.equal(heard.status, 403);
    assert.equal(nameless(heard), nameless(await report(NOBODY)));
  });

  test("shows and applies no rule and no limit of another tenant", async () => {
    const series = [[["__name__", "dropped_by_bravo"] as const, ["a", "x".repeat(78)] as const]];
    const { text } = await send(flux.intakeUrl, remoteWrite(series, { ...KEY, "x-test-only": "true" }));
    const { ingest_count, drop_count, refused_count } = JSON.parse(text);
    assert.deepEqual([ingest_count, drop_count, refused_count], [1, 0, 0]);
  });
});

describe("what a sender is told of its own faults", () => {
  const named = (...names: string[]) => names.map((name) => [["__name__", name] as const]);
  const faults: [what: string, make: (tenant: string) => Sent, status: number][] = [
    ["a series without a name", () => remoteWrite([[["a", "b"]], ...named("good")]), 400],
    [
      "a label that is too long",
      () =>
        remoteWrite([
          [
            ["__name__", "m"],
            ["a", "x".repeat(5000)],
          ],
        ]),
      400,
    ],
    ["a rule that does not compile", () => remoteWrite(named("m"), { ...KEY, dropmetrics: "['(']" }), 400],
    ["an unknown key", (tenant) => remoteWrite(named("m"), { key: `key-of-${tenant}-02` }), 403],
    ["the beginning of a key", (tenant) => remoteWrite(named("m"), { key: `key-of-${tenant}-0` }), 403],
    ["no key", (tenant) => remoteWrite(named("m"), { "x-tenant-id": tenant }), 401],
    ["a body that is no protobuf", () => ({ path: "/prometheus/write", headers: KEY, body: "junk" }), 400],
    ["a path that is not there", (tenant) => ({ path: `/t/${tenant}/write`, headers: KEY }), 404],
    ["a method that is not taken", (tenant) => ({ path: `/t/${tenant}/s/1/write`, method: "PUT", headers: KEY }), 405],
    [
      "series that a rule makes one, also one that another tenant has",
      (tenant) =>
        remoteWrite(
          ["a", "b"].map((pod) => [
            ["__name__", `metric_of_${tenant}`],
            ["path", `/path-of-${tenant}`],
            ["pod", pod],
          ]),
          { ...KEY, droplabels: "pod" },
        ),
      204,
    ],
  ];
  for (const [what, make, status] of faults) {
    test(`is the same whoever else is there: ${what}`, async () => {
      const sent = make(BRAVO.tenant);
      const heard = await send(flux.intakeUrl, sent);
      assert.equal(heard.status, status, heard.text);
      const asForNobody = await send(flux.intakeUrl, make(NOBODY));
      assert.equal(nameless(heard), nameless(asForNobody));
      const warning = String(heard.headers["x-flux-warning"] ?? "");
      assert.doesNotMatch(heard.text + warning, /_tenant_id[^,]*bravo|ns-of-|srv-of-bravo/);
    });
  }
});
