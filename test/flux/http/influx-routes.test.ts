import assert from "node:assert/strict";
import { test } from "node:test";
import { buildTestApp as buildIntake } from "../support/test-app.ts";

const buildTestApp = () => buildIntake().app;

const BASES = ["", "/influx", "/prometheus", "/flux/prometheus", "/flux/prometheus/t/acme/s/1"];
const FORM = { "content-type": "application/x-www-form-urlencoded" };

test("ping answers 204 with a version, below every base, and says the version to those who ask", async () => {
  const app = buildTestApp();
  for (const base of BASES) {
    for (const method of ["GET", "HEAD"] as const) {
      const { statusCode, headers, body } = await app.inject({ method, url: `${base}/ping?wait_for_leader=1s` });
      assert.deepEqual([statusCode, headers["x-influxdb-version"], body], [204, "1.8.10", ""], `${method} ${base}`);
    }
  }
  const verbose = await app.inject("/ping?verbose=true");
  assert.deepEqual([verbose.statusCode, verbose.json()], [200, { version: "1.8.10" }]);
  assert.equal((await app.inject("/ping?verbose=false")).statusCode, 204);
});

test("health passes", async () => {
  const { statusCode, body } = await buildTestApp().inject("/influx/health");
  assert.equal(statusCode, 200);
  assert.equal(JSON.parse(body).status, "pass");
});

test("clients that ask for databases or create one are told that it is there", async () => {
  const app = buildTestApp();
  const databases = {
    results: [{ statement_id: 0, series: [{ name: "databases", columns: ["name"], values: [["tele"]] }] }],
  };
  const created = { results: [{ statement_id: 0 }] };
  for (const base of BASES) {
    const shown = await app.inject(`${base}/query?db=tele&q=SHOW%20DATABASES`);
    assert.deepEqual([shown.statusCode, shown.headers["content-type"]], [200, "application/json"]);
    assert.deepEqual(shown.json(), databases);
    const inQuery = await app.inject({ method: "POST", url: `${base}/query?q=CREATE+DATABASE+%22tele%22` });
    assert.deepEqual(inQuery.json(), created);
    const inForm = { method: "POST", url: `${base}/query`, headers: FORM } as const;
    assert.deepEqual((await app.inject({ ...inForm, payload: "q=create%20database%20tele" })).json(), created);
    assert.deepEqual((await app.inject({ ...inForm, payload: "q=show+databases&db=tele" })).json(), databases);
  }
  assert.deepEqual((await app.inject("/query?q=SELECT+1")).json(), { results: [] });
});

test("a query of 2.x finds no tables, whatever it asks for", async () => {
  const app = buildTestApp();
  for (const base of BASES) {
    const query = { method: "POST", url: `${base}/api/v2/query?org=acme`, payload: "x".repeat(70_000) } as const;
    const { statusCode, headers, body } = await app.inject(query);
    assert.deepEqual([statusCode, headers["content-type"], body], [200, "text/csv; charset=utf-8", ""], base);
    assert.equal(headers["x-influxdb-version"], "1.8.10");
  }
});

test("a query without a statement is 400, and a form of any size is not read", async () => {
  const app = buildTestApp();
  const get = await app.inject("/query?db=x");
  assert.deepEqual([get.statusCode, get.json()], [400, { error: 'missing required parameter "q"' }]);
  assert.equal((await app.inject({ method: "POST", url: "/query", headers: FORM, payload: "x=1" })).statusCode, 400);
  const large = { method: "POST", url: "/query", headers: FORM, payload: `q=${"x".repeat(70_000)}` } as const;
  const { statusCode, headers } = await app.inject(large);
  assert.deepEqual([statusCode, headers.connection], [413, "keep-alive"]);
});
