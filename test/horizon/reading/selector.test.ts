import assert from "node:assert/strict";
import { test } from "node:test";
import { type MatchOperator, parseSelector } from "../../../services/horizon/reading/selector.ts";

type Row = [name: string, operator: MatchOperator, value: string];

const table: [text: string, matchers: Row[]][] = [
  ["up", [["__name__", "=", "up"]]],
  ["  node:cpu:rate5m\t", [["__name__", "=", "node:cpu:rate5m"]]],
  ["up{}", [["__name__", "=", "up"]]],
  ["{}", []],
  ["{ }", []],
  ['{a="1"}', [["a", "=", "1"]]],
  [
    'up{ a = "1" , b != "2",c=~"3|4", d!~"5" , }',
    [
      ["__name__", "=", "up"],
      ["a", "=", "1"],
      ["b", "!=", "2"],
      ["c", "=~", "3|4"],
      ["d", "!~", "5"],
    ],
  ],
  [
    'up\n{\n  a="1",\n}\n',
    [
      ["__name__", "=", "up"],
      ["a", "=", "1"],
    ],
  ],
  ['{__name__=~"node_.*"}', [["__name__", "=~", "node_.*"]]],
  [
    '{"http.requests", "net.host"="a"}',
    [
      ["__name__", "=", "http.requests"],
      ["net.host", "=", "a"],
    ],
  ],
  ["{'up'}", [["__name__", "=", "up"]]],
  [
    '{a="",b=\'x\',c=`\\d "raw"`}',
    [
      ["a", "=", ""],
      ["b", "=", "x"],
      ["c", "=", '\\d "raw"'],
    ],
  ],
  ['{a="\\"q\\" \\\\ \\n \\t"}', [["a", "=", '"q" \\ \n \t']]],
  ["{a='it\\'s'}", [["a", "=", "it's"]]],
  ['{a="\\x41\\u00e9\\U0001F4A5\\101"}', [["a", "=", "Aé💥A"]]],
  ['{a="\\xc3\\xa9"}', [["a", "=", "é"]]],
  ['{a="Grüße 日本 💥"}', [["a", "=", "Grüße 日本 💥"]]],
  ['{a="x,b=\\"}"}', [["a", "=", 'x,b="}']]],
  ['{a="\\x00"}', [["a", "=", "\0"]]],
  [
    'up{__name__!="down"}',
    [
      ["__name__", "=", "up"],
      ["__name__", "!=", "down"],
    ],
  ],
];

for (const [text, matchers] of table) {
  test(`${JSON.stringify(text)} is understood as Prometheus understands it`, () => {
    const parsed = parseSelector(text);
    assert.ok(parsed.ok, parsed.ok ? "" : parsed.detail);
    assert.deepEqual(
      parsed.selector.map(({ name, operator, value }) => [name, operator, value]),
      matchers,
    );
  });
}

const faults: [text: string, detail: RegExp][] = [
  ["", /^expected a metric name or \{ at character 1, found the end of the text$/],
  ["9up", /^expected a metric name or \{ at character 1, found "9up"$/],
  ["up[5m]", /^expected \{ or the end at character 3, found "\[5m\]"$/],
  ["up offset 5m", /^expected \{ or the end at character 4/],
  ["rate(up[5m])", /^expected \{ or the end at character 5/],
  ["up{", /^expected a label at character 4, found the end of the text$/],
  ["up{a}", /^expected =, !=, =~ or !~ at character 5, found "\}"$/],
  ["up{a=1}", /^expected a text in quotes at character 6, found "1\}"$/],
  ['up{a="1"', /^expected , or \} at character 9/],
  ['up{a="1" b="2"}', /^expected , or \} at character 10/],
  ['up{,a="1"}', /^expected a label at character 4/],
  ['up{a="1",,}', /^expected a label at character 10/],
  ['up{a="1}', /^expected ", which ends the text of character 6 at character 9/],
  ['up{a="1\n"}', /^expected ", which ends the text of character 6 at character 8/],
  ['up{a="\\q"}', /^expected an escape of Go at character 7, found "\\\\q/],
  ['up{a="\\ud800"}', /^expected an escape of Go at character 7/],
  ['up{a="\\U00110000"}', /^expected an escape of Go at character 7/],
  ['up{a="\\xff"}', /^expected a text whose bytes are UTF-8 at character 6/],
  ['up{a="1"} or down', /^expected the end at character 11, found "or down"$/],
  ['up{a=="1"}', /^expected a text in quotes at character 6/],
  ['up{"a"}', /^it names two metrics: "up" and "a"$/],
  ['up{__name__="down"}', /^it names two metrics: "up" and "down"$/],
  [`{${'a="1",'.repeat(51)}}`, /^expected no more than 50 matchers at character 302/],
];

for (const [text, detail] of faults) {
  test(`${JSON.stringify(text.slice(0, 40))} is refused with the place of the fault`, () => {
    const parsed = parseSelector(text);
    assert.ok(!parsed.ok);
    assert.match(parsed.detail, detail);
  });
}

test("every matcher that is written in PromQL is read as it was meant", () => {
  const values = ["", '"', "'", "`", "\\", "\n", "\u0000", "{}", ",", "=~", "💥", "\u2028", "a".repeat(5000)];
  for (const value of values) {
    const parsed = parseSelector(`{a=${JSON.stringify(value)}}`);
    assert.ok(parsed.ok, value);
    assert.deepEqual(parsed.selector, [{ name: "a", operator: "=", value }]);
  }
});
