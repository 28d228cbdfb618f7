import assert from "node:assert/strict";
import { test } from "node:test";
import { literalsOf } from "../../../services/horizon/reading/regex-literals.ts";

const table: [regex: string, literals: string[] | undefined][] = [
  ["", [""]],
  ["a", ["a"]],
  ["a|b", ["a", "b"]],
  ["a|", ["a", ""]],
  ["|a", ["", "a"]],
  ["a||b|a", ["a", "", "b"]],
  ["(a|b)", ["a", "b"]],
  ["127\\.0\\.0\\.1:9100|\\|", ["127.0.0.1:9100", "|"]],
  ["a b/c-d,e=f", ["a b/c-d,e=f"]],
  ["日本|💥", ["日本", "💥"]],
  ["a.", undefined],
  ["a+", undefined],
  ["(a)(b)", undefined],
  ["(?i)a", undefined],
  ["\\d", undefined],
  ["[ab]", undefined],
  ["a\\", undefined],
  ["^a$", undefined],
  ["a{2}", undefined],
];

for (const [regex, literals] of table) {
  test(`${JSON.stringify(regex)} ${literals ? "matches these values and no others" : "is no list of values"}`, () => {
    const found = literalsOf(regex);
    assert.deepEqual(found && [...found], literals);
  });
}
