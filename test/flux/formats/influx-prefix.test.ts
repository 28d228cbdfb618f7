import assert from "node:assert/strict";
import { test } from "node:test";
import { type DbPrefix, metricPrefix } from "../../../services/flux/formats/influx-prefix.ts";

test("the database is ?db=, else the header prefix, else the bucket before its slash", () => {
  const cases: readonly (readonly [mode: DbPrefix, query: string, prefix: string | undefined, want: string])[] = [
    ["none", "db=tele", "header", ""],
    ["db", "db=tele&bucket=b/1", "header", "tele"],
    ["db", "db=&bucket=b/1", " header ", "header"],
    ["db", "bucket=b/1", undefined, "b"],
    ["db", "bucket=b", undefined, "b"],
    ["db", "bucket=/1", undefined, ""],
    ["db", "precision=ms", undefined, ""],
    ["db", "db=prometheus", undefined, "prometheus"],
    ["db_unless_prometheus", "db=prometheus", undefined, ""],
    ["db_unless_prometheus", "db=prometheus&bucket=b", "header", ""],
    ["db_unless_prometheus", "db=prometheus2", undefined, "prometheus2"],
  ];
  for (const [mode, query, prefix, want] of cases) {
    const request = { query: new URLSearchParams(query), headers: { prefix } };
    assert.equal(metricPrefix(request, mode), want, `${mode} ${query} ${prefix}`);
  }
});
