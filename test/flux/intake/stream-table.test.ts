import assert from "node:assert/strict";
import { test } from "node:test";
import { compileRules } from "../../../services/flux/intake/rules.ts";
import { SeriesTable } from "../../../services/flux/intake/series-table.ts";
import { Stream } from "../../../services/flux/intake/stream.ts";
import { StreamTable } from "../../../services/flux/intake/stream-table.ts";
import { TextSeriesIndex } from "../../../services/kernel/text-series-index.ts";

const compiled = compileRules([], { maxPatterns: 1, maxPatternBytes: 1 });
assert.ok(compiled.ok);
const { rules } = compiled;
const policy = {};

const named = (tenant: string, words: string, of: object = policy) => ({ tenant, words, policy: of });
const open = (table: StreamTable, name: ReturnType<typeof named>) =>
  table.open(name, new Stream({ tenant: name.tenant, server: "1", namespace: "n", keyIndex: 0 }, rules));

test("a stream is found by its tenant and its words, and only under its own policy", () => {
  const table = new StreamTable(new SeriesTable(new TextSeriesIndex(), 10), 10);
  const opened = open(table, named("a", "x"));
  assert.equal(table.find(named("a", "x")), opened);
  for (const other of [named("b", "x"), named("a", "y"), named("a", "x", {})]) {
    assert.equal(table.find(other), undefined);
  }
});

test("a stream of another policy takes the place of the one with the same words", () => {
  const table = new StreamTable(new SeriesTable(new TextSeriesIndex(), 10), 2);
  open(table, named("a", "x"));
  const later = named("a", "x", {});
  const opened = open(table, later);
  assert.equal(table.find(named("a", "x")), undefined);
  open(table, named("a", "y"));
  assert.equal(table.find(later), opened, "the two had but one place: there was room for another");
});

test("of too many streams, the one that was not used for longest is forgotten", () => {
  const table = new StreamTable(new SeriesTable(new TextSeriesIndex(), 10), 3);
  const names = ["x", "y", "z"].map((words) => named("a", words));
  for (const name of names) {
    open(table, name);
  }
  table.find(named("a", "x"));
  open(table, named("a", "new"));
  const known = ["x", "y", "z", "new"].filter((words) => table.find(named("a", words)));
  assert.deepEqual(known, ["x", "z", "new"]);
});

test("a tenant with ever new words loses its own streams, and another keeps those that it has", () => {
  const table = new StreamTable(new SeriesTable(new TextSeriesIndex(), 10), 20);
  const quiet = ["x", "y"].map((words) => open(table, named("quiet", words)));
  for (let i = 0; i < 1000; i++) {
    open(table, named("loud", String(i)));
  }
  assert.deepEqual(
    ["x", "y"].map((words) => table.find(named("quiet", words))),
    quiet,
  );
  const left = Array.from({ length: 1000 }, (_, i) => table.find(named("loud", String(i)))).filter(Boolean);
  assert.equal(left.length, 18);
});

test("with a stream for each of many tenants, the tenant that was not seen for longest makes room", () => {
  const table = new StreamTable(new SeriesTable(new TextSeriesIndex(), 10), 3);
  for (const tenant of ["a", "b", "c"]) {
    open(table, named(tenant, "x"));
  }
  table.find(named("a", "x"));
  open(table, named("d", "x"));
  const known = ["a", "b", "c", "d"].filter((tenant) => table.find(named(tenant, "x")));
  assert.deepEqual(known, ["a", "c", "d"]);
});

test("nothing is left of any stream when all are forgotten", () => {
  const table = new StreamTable(new SeriesTable(new TextSeriesIndex(), 10), 2);
  for (const words of ["x", "y"]) {
    open(table, named("a", words));
  }
  table.clear();
  assert.equal(table.find(named("a", "x")), undefined);
  open(table, named("a", "x"));
  open(table, named("a", "y"));
  assert.ok(table.find(named("a", "x")) && table.find(named("a", "y")), "their places are free again");
});
