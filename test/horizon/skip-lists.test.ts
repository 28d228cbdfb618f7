import assert from "node:assert/strict";
import { test } from "node:test";
import { type KnownSeries, labelsOf } from "../../services/horizon/known-series.ts";
import { SeriesTable } from "../../services/horizon/series-table.ts";
import { compileSkipLists, type SkipLists, type SkipOwner } from "../../services/horizon/skip-lists.ts";
import { knownSeries } from "./support/known-series.ts";

function lists(skip: string[], keep: string[] = []): SkipLists {
  const compiled = compileSkipLists({
    SKIP_LIST: skip,
    DO_NOT_SKIP_LIST: keep,
    FLUX_TENANTS: {},
    RULES_MAX_PATTERNS: 10,
    RULES_MAX_PATTERN_BYTES: 100,
  });
  assert.ok(compiled.ok);
  return compiled.lists;
}

/** What lists say of a series the first time that they are asked. */
function skippedBy(skipLists: SkipLists, series: KnownSeries, owner: SkipOwner): string | undefined {
  const table = new SeriesTable();
  return skipLists.skipperOf(table, owner)?.(table.adopt(series));
}

const up = () => knownSeries(1n, { __name__: "node_up", _tenant_id: "t1", _server_id: "s1", job: "node" });

const table: [name: string, skip: string[], keep: string[], namespace: string, want: boolean][] = [
  ["nothing is listed", [], [], "ns", false],
  ["the name is listed", ["node_up"], [], "ns", true],
  ["another name is listed", ["node_down"], [], "ns", false],
  ["the namespace is listed", ["prod."], [], "prod", true],
  ["the namespace of another is listed", ["prod."], [], "test", false],
  ["a pattern over namespace and name", ["^prod\\.node_.*"], [], "prod", true],
  ["both lists name it", ["prod."], ["node_up"], "prod", false],
  ["the list to keep names something else", ["prod."], ["node_down"], "prod", true],
  ["only the list to keep names it", [], ["node_up"], "prod", false],
  ["the list to keep names the namespace", ["node_up"], ["prod."], "prod", false],
  ["elements in any order", ["node.node_up"], [], "ns", true],
];

for (const [name, skip, keep, namespace, want] of table) {
  test(`skip lists, when ${name}: ${want ? "skipped" : "kept"}`, () => {
    assert.equal(skippedBy(lists(skip, keep), up(), { tenant: "t1", namespace }) !== undefined, want);
    assert.equal(lists(skip, keep).explain(labelsOf(up()), { tenant: "t1", namespace }).skip, want);
  });
}

test("an explanation names the entries, by the name alone before those by the namespace", () => {
  const explained = (skip: string[], keep: string[]) =>
    lists(skip, keep).explain(labelsOf(up()), { tenant: "t1", namespace: "prod" });
  const by = { list: "SKIP_LIST", pattern: "^node_.*" };
  assert.deepEqual(explained(["other", "prod.", "^node_.*"], []), { skip: true, by });
  assert.deepEqual(explained(["other", "prod."], ["other", "prod.node_up"]), {
    skip: false,
    saved: {
      from: { list: "SKIP_LIST", pattern: "prod." },
      by: { list: "DO_NOT_SKIP_LIST", pattern: "prod.node_up" },
    },
  });
  assert.deepEqual(explained(["other"], ["node"]), { skip: false });
});

test("what lists say of a series they say again, per namespace, and other lists say their own", () => {
  const table = new SeriesTable();
  const number = table.adopt(up());
  const before = lists(["prod."]);
  const after = lists(["test."]);
  for (let round = 0; round < 2; round++) {
    assert.equal(before.skipperOf(table, { tenant: "t1", namespace: "prod" })?.(number), "prod.");
    assert.equal(before.skipperOf(table, { tenant: "t1", namespace: "test" })?.(number), undefined);
    assert.equal(after.skipperOf(table, { tenant: "t1", namespace: "prod" })?.(number), undefined);
    assert.equal(after.skipperOf(table, { tenant: "t1", namespace: "test" })?.(number), "test.");
  }
});

test("a pattern that cannot be used is named together with its setting", () => {
  const settings = { FLUX_TENANTS: {}, RULES_MAX_PATTERNS: 10, RULES_MAX_PATTERN_BYTES: 100 };
  const compiled = compileSkipLists({ ...settings, SKIP_LIST: ["a("], DO_NOT_SKIP_LIST: ["ok", "b["] });
  assert.ok(!compiled.ok);
  assert.equal(compiled.problems.length, 2);
  assert.match(compiled.problems[0] ?? "", /^cannot use SKIP_LIST: pattern 1 \("a\("\)/);
  assert.match(compiled.problems[1] ?? "", /^cannot use DO_NOT_SKIP_LIST: pattern 2 \("b\["\)/);
});

test("a tenant's own lists come on top of those of all, for its series alone", () => {
  const compiled = compileSkipLists({
    SKIP_LIST: ["job_a"],
    DO_NOT_SKIP_LIST: [],
    FLUX_TENANTS: { t1: { skipList: ["node_up"] }, t2: { doNotSkipList: ["job_a"] } },
    RULES_MAX_PATTERNS: 10,
    RULES_MAX_PATTERN_BYTES: 100,
  });
  assert.ok(compiled.ok);
  const { lists: both } = compiled;
  const entryFor = (name: string, tenant: string) =>
    skippedBy(both, knownSeries(1n, { __name__: name, _tenant_id: tenant }), { tenant, namespace: "n" });
  assert.equal(entryFor("node_up", "t1"), "node_up");
  assert.equal(entryFor("node_up", "t2"), undefined);
  assert.equal(entryFor("job_a", "t1"), "job_a");
  assert.equal(entryFor("job_a", "t2"), undefined);
  assert.equal(entryFor("job_a", "t3"), "job_a");
});

test("a pattern of a tenant's list that cannot be used is named by where it stands", () => {
  const compiled = compileSkipLists({
    SKIP_LIST: [],
    DO_NOT_SKIP_LIST: [],
    FLUX_TENANTS: { t1: { skipList: ["(x"] } },
    RULES_MAX_PATTERNS: 10,
    RULES_MAX_PATTERN_BYTES: 100,
  });
  assert.ok(!compiled.ok);
  assert.match(compiled.problems[0] ?? "", /^cannot use FLUX_TENANTS, t1, skipList: /);
});
