import assert from "node:assert/strict";
import { test } from "node:test";
import { RegexBudget } from "../../../services/horizon/reading/regex-budget.ts";
import { parseSelector } from "../../../services/horizon/reading/selector.ts";
import { compileSelector } from "../../../services/horizon/reading/selector-matcher.ts";

function compile(text: string) {
  const parsed = parseSelector(text);
  assert.ok(parsed.ok, parsed.ok ? "" : parsed.detail);
  return compileSelector(parsed.selector, new RegexBudget());
}

const series = new Map([
  ["__name__", "http_requests_total"],
  ["code", "200"],
  ["path", "/a\nb"],
]);

const table: [selector: string, isMatch: boolean][] = [
  ["http_requests_total", true],
  ["http_requests", false],
  ["{}", true],
  ['{code="200"}', true],
  ['{code="20"}', false],
  ['{code!="200"}', false],
  ['{code!="404"}', true],
  // A label that is not there is empty.
  ['{other=""}', true],
  ['{other!=""}', false],
  ['{code=""}', false],
  ['{code!=""}', true],
  ['{other!="x"}', true],
  ['{other=~".*"}', true],
  ['{other=~".+"}', false],
  ['{other!~".+"}', true],
  ['{other=~""}', true],
  ['{other=~"x|"}', true],
  // A regular expression matches the whole value.
  ['{code=~"2.."}', true],
  ['{code=~"0"}', false],
  ['{code=~"2"}', false],
  ['{code=~"404|200"}', true],
  ['{code=~"(404|200)"}', true],
  ['{code=~"404|2"}', false],
  ['{code=~"4|.00"}', true],
  ['{code!~"4.."}', true],
  ['{code!~"2.."}', false],
  ['{code=~"^200$"}', true],
  ['{code=~"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|2(0){2}"}', true],
  // A dot matches line ends, as in Prometheus.
  ['{path=~"/a.b"}', true],
  ['{path=~"/A.B"}', false],
  ['{path=~"(?i)/A.B"}', true],
  ['{code="200",path=~"/b.*"}', false],
  ['{code="200",path=~"/a.*"}', true],
];

for (const [selector, isMatch] of table) {
  test(`${selector} ${isMatch ? "matches" : "does not match"}`, () => {
    const compiled = compile(selector);
    assert.ok(compiled.ok);
    assert.equal(compiled.matcher.matches(series), isMatch);
    assert.equal(compiled.matcher.matches(series), isMatch, "again");
  });
}

const refused: [selector: string, detail: RegExp][] = [
  ['{a=~"("}', /^a=~"\(": not a regular expression: .*missing closing \)/],
  ['{a=~"(?=x)y"}', /^a=~"\(\?=x\)y": not a regular expression/],
  ['{a!~"(a){1000}b{1000}"}', /: repeats too much/],
  ['{a=~"(ab){1000}"}', /: too large/],
  ['{a=~"[ab]{600}",b=~"[ab]{600}"}', /^b=~.*: too large/],
  [`{a=~"${"x{1000}".repeat(100)}"}`, /: repeats too much/],
  ['{a=~"((abcdefgh){60}){60}"}', /: not a regular expression: .*invalid repeat count/],
  [`{a=~"x+${"y".repeat(1024)}"}`, /: too long: regular expressions may have 1024 characters altogether$/],
  [`{a=~"x+${"y".repeat(600)}",b=~"x+${"y".repeat(600)}"}`, /^b=~.*: too long/],
];

for (const [selector, detail] of refused) {
  test(`${selector.slice(0, 30)} is refused, and what is wrong is named`, () => {
    const compiled = compile(selector);
    assert.ok(!compiled.ok);
    assert.match(compiled.detail, detail);
  });
}

test("a list of any number of values is no large regular expression", () => {
  const compiled = compile(`{code=~"${Array.from({ length: 2000 }, (_, i) => i).join("|")}"}`);
  assert.ok(compiled.ok && compiled.matcher.matches(series));
});

test("a regular expression that backtracks for ever elsewhere takes linear time", () => {
  const compiled = compile('{a=~"(x+x+)+y"}');
  assert.ok(compiled.ok);
  assert.equal(compiled.matcher.matches(new Map([["a", "x".repeat(50_000)]])), false);
});
