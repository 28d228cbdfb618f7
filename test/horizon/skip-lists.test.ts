import assert from "node:assert/strict";
import { test } from "node:test";
import { compileSkipLists, type SkipLists } from "../../services/horizon/skip-lists.ts";
import { knownSeries } from "./support/known-series.ts";

function lists(skip: string[], keep: string[] = []): SkipLists {
  const compiled = compileSkipLists({
    SKIP_LIST: skip,
    DO_NOT_SKIP_LIST: keep,
    RULES_MAX_PATTERNS: 10,
    RULES_MAX_PATTERN_BYTES: 100,
  });
  assert.ok(compiled.ok);
  return compiled.lists;
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
    assert.equal(lists(skip, keep).shouldSkip(up(), namespace), want);
  });
}

test("the verdict is remembered per namespace, and not beyond a reload", () => {
  const series = up();
  const before = lists(["prod."]);
  assert.equal(before.shouldSkip(series, "prod"), true);
  assert.equal(before.shouldSkip(series, "test"), false);
  assert.equal(series.verdicts.length, 2);
  assert.equal(before.shouldSkip(series, "prod"), true);
  assert.equal(before.shouldSkip(series, "test"), false);
  assert.equal(series.verdicts.length, 2);

  const after = lists(["other."]);
  assert.equal(after.shouldSkip(series, "prod"), false);
  assert.equal(series.verdicts.length, 1);
});

test("a pattern that cannot be used is named together with its setting", () => {
  const settings = { RULES_MAX_PATTERNS: 10, RULES_MAX_PATTERN_BYTES: 100 };
  const compiled = compileSkipLists({ ...settings, SKIP_LIST: ["a("], DO_NOT_SKIP_LIST: ["ok", "b["] });
  assert.ok(!compiled.ok);
  assert.equal(compiled.problems.length, 2);
  assert.match(compiled.problems[0] ?? "", /^cannot use SKIP_LIST: pattern 1 \("a\("\)/);
  assert.match(compiled.problems[1] ?? "", /^cannot use DO_NOT_SKIP_LIST: pattern 2 \("b\["\)/);
});
