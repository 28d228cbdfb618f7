import assert from "node:assert/strict";
import { test } from "node:test";
import { type LabelRule, parseLabelRules, parseMetricPatterns } from "../../../services/flux/intake/header-rules.ts";
import { createRandom, type Random } from "../../support/random.ts";

const patternHeaders: readonly [header: string | undefined, want: string[]][] = [
  [undefined, []],
  ["", []],
  [" \t", []],
  ["[]", []],
  ["()", []],
  ["['^flag.*','^go_.*','^info_.*']", ["^flag.*", "^go_.*", "^info_.*"]],
  ['["^flag.*", "^go_.*"]', ["^flag.*", "^go_.*"]],
  ["('a','b')", ["a", "b"]],
  ["[['a','b'],'c',['d']]", ["a", "b", "c", "d"]],
  ["[[['a']],[]]", ["a"]],
  ["['a'], ['b']", ["a", "b"]],
  ["[r'^go_\\d+']", ["^go_\\d+"]],
  ["foo", ["foo"]],
  ["foo,bar", ["foo", "bar"]],
  ["foo, ^flag.*", ["foo", "^flag.*"]],
  ["foo,", ["foo"]],
  [",a,,b ,", ["a", "b"]],
  ["'a','b'", ["a", "b"]],
  ['"a" , b', ["a", "b"]],
  ["''", [""]],
  ['job="node"', ['job="node"']],
  [".*_bucket{.*,foo", [".*_bucket{.*", "foo"]],
  ["^a{1,3}b,c", ["^a{1,3}b", "c"]],
  ["^a{2,},^b{,3}", ["^a{2,}", "^b{,3}"]],
  ["up{,x", ["up{", "x"]],
  ["(go|process)_.*,up", ["(go|process)_.*", "up"]],
  ["((a|b)_c).*", ["((a|b)_c).*"]],
  ["(?i)FOO", ["(?i)FOO"]],
  ["([a-z]+)_total", ["([a-z]+)_total"]],
  ["^[a-z]+_total", ["^[a-z]+_total"]],
  ["é€", ["é€"]],
  ["é", ["é"]],
];

test("metric patterns are read from lists and from comma lists", () => {
  for (const [header, patterns] of patternHeaders) {
    assert.deepEqual(parseMetricPatterns(header, "dropMetrics"), { ok: true, patterns }, String(header));
  }
});

const patternFaults: readonly [header: string, want: RegExp][] = [
  ["['a'", /^cannot read the header doNotDropMetrics: expected , or \] at character 5, found the end of the text$/],
  ["[foo]", /expected a string in quotes at character 2/],
  ["[foo,bar]", /expected a string in quotes at character 2/],
  ["[a-z]+_total", /expected a string in quotes at character 2/],
  ["[[1]]", /expected a string in quotes at character 3/],
  ["('a'", /expected , or \) at character 5/],
  ["(", /expected a string in quotes at character 2/],
  ["( 'a', b)", /expected a string in quotes at character 8/],
  ["['a'] b", /expected the end of the list at character 7/],
  ["a,'b", /^cannot read the header doNotDropMetrics: item 2 begins with a quote that does not end/],
  ["'", /item 1 begins with a quote/],
  ["'a\"", /item 1 begins with a quote/],
];

test("malformed metric patterns are refused with header and place", () => {
  for (const [header, want] of patternFaults) {
    const parsed = parseMetricPatterns(header, "doNotDropMetrics");
    assert.ok(!parsed.ok, header);
    assert.match(parsed.detail, want);
  }
});

const labelHeaders: readonly [header: string | undefined, want: LabelRule[]][] = [
  [undefined, []],
  ["", []],
  ["  ", []],
  ["[]", []],
  [
    "[['monitor','master'],['another_label_to_drop','with_value_of_*']]",
    [
      ["monitor", "master"],
      ["another_label_to_drop", "with_value_of_*"],
    ],
  ],
  ['[["a","x"]]', [["a", "x"]]],
  ["(('a','x'),)", [["a", "x"]]],
  ["(('a','x'))", [["a", "x"]]],
  ["[('a','x'),['b']]", [["a", "x"], ["b"]]],
  ["[['monitor']]", [["monitor"]]],
  ["['monitor','m2']", [["monitor", "m2"]]],
  ["['monitor']", [["monitor"]]],
  ["('monitor','m2')", [["monitor", "m2"]]],
  [
    "['a','x'],['b','y']",
    [
      ["a", "x"],
      ["b", "y"],
    ],
  ],
  ["[['a','']]", [["a", ""]]],
  ["monitor", [["monitor"]]],
  ["monitor,z", [["monitor"], ["z"]]],
  [" monitor , z ,", [["monitor"], ["z"]]],
  ["monitor=master", [["monitor", "master"]]],
  ["monitor = master, z", [["monitor", "master"], ["z"]]],
  ["container_id,pod=^web-.*", [["container_id"], ["pod", "^web-.*"]]],
  ["a=x=y", [["a", "x=y"]]],
  ["a=*", [["a", "*"]]],
  ['monitor="master"', [["monitor", "master"]]],
  ["a=x{1,3},b", [["a", "x{1,3}"], ["b"]]],
  ["a=[0-9]+", [["a", "[0-9]+"]]],
  ["http.route", [["http.route"]]],
  ["a=", [["a", ""]]],
];

test("label rules are read from lists of pairs, a flat pair and comma lists", () => {
  for (const [header, rules] of labelHeaders) {
    assert.deepEqual(parseLabelRules(header), { ok: true, rules }, String(header));
  }
});

const SHAPE = "write a list like [['label','value pattern'],['label']], or label,label=pattern";
const labelFaults: readonly [header: string, detail: string][] = [
  ["['a','b','c']", `entry 1 is not a pair of label and pattern; ${SHAPE}`],
  ["[['a','x'],'b']", `entry 2 is not a pair of label and pattern; ${SHAPE}`],
  ["[['a','x','y']]", `entry 1 is not a pair of label and pattern; ${SHAPE}`],
  ["[['a','x'],[]]", `entry 2 is not a pair of label and pattern; ${SHAPE}`],
  ["[[['a','x']]]", `entry 1 is not a pair of label and pattern; ${SHAPE}`],
  ["['a',['x']]", `entry 1 is not a pair of label and pattern; ${SHAPE}`],
  ["[['a',['x']]]", `entry 1 is not a pair of label and pattern; ${SHAPE}`],
  ["[['b',1]]", 'expected a string in quotes at character 7, found "1]]"'],
  ["[['a','x']", "expected , or ] at character 11, found the end of the text"],
  ["{'b':'1'}", `item 1 is not label or label=pattern; ${SHAPE}`],
  ["'a','b'", `item 1 is not label or label=pattern; ${SHAPE}`],
  ["a,b c", `item 2 is not label or label=pattern; ${SHAPE}`],
  ["=x", `item 1 is not label or label=pattern; ${SHAPE}`],
  ["a='x", `item 1 is not label or label=pattern; ${SHAPE}`],
  ["a!=x", `item 1 is not label or label=pattern; ${SHAPE}`],
  ["(a|b)", `item 1 is not label or label=pattern; ${SHAPE}`],
];

test("label rules of no known shape are refused with the shape that is expected", () => {
  for (const [header, why] of labelFaults) {
    const detail = `cannot read the header dropLabels: ${why}`;
    assert.deepEqual(parseLabelRules(header), { ok: false, detail }, header);
  }
});

const LIST_PIECES = [
  "a",
  "z_9",
  ".*",
  "^",
  "(x|y)",
  "[0-9]",
  "{1,3}",
  "=",
  ",",
  " ",
  "'",
  '"',
  "\\d",
  "\n",
  "é",
  "😀",
] as const;
/** What neither ends an item of a comma list nor stands for something else there. */
const ITEM_PIECES = ["a", "z_9", ".*", "^", "{1,3}", "\\d", "é", "😀"] as const;

const textOf = (random: Random, pieces: typeof LIST_PIECES | typeof ITEM_PIECES) =>
  `x${Array.from({ length: random.below(6) }, () => random.pick<string>(pieces)).join("")}`;

/** As Python's `repr` writes a string. */
function pythonText(text: string): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return text.includes("'") && !text.includes('"') ? `"${escaped}"` : `'${escaped.replaceAll("'", "\\'")}'`;
}

const pythonList = (items: readonly string[]) => `[${items.join(", ")}]`;
const pythonTuple = (items: readonly string[]) => `(${items.join(", ")}${items.length === 1 ? "," : ""})`;

test("any rules come back from every form in which they can be written", () => {
  const random = createRandom();
  for (let round = 0; round < 2000; round++) {
    const rules = Array.from({ length: 1 + random.below(4) }, (): LabelRule => {
      const label = textOf(random, LIST_PIECES);
      return random.below(3) === 0 ? [label] : [label, random.below(9) === 0 ? "" : textOf(random, LIST_PIECES)];
    });
    const pairs = rules.map((rule) => rule.map(pythonText));
    const forms = [
      JSON.stringify(rules),
      JSON.stringify(rules, undefined, 2),
      pythonList(pairs.map(pythonList)),
      pythonTuple(pairs.map(pythonTuple)),
      pythonList(pairs.map(pythonTuple)),
      ...(pairs.length === 1 ? [pythonList(pairs.flat())] : []),
    ];
    for (const form of forms) {
      assert.deepEqual(parseLabelRules(form), { ok: true, rules }, `seed ${random.seed}: ${form}`);
    }
    const patterns = rules.flat();
    for (const form of [...forms, JSON.stringify(patterns), pythonTuple(patterns.map(pythonText))]) {
      assert.deepEqual(
        parseMetricPatterns(form, "dropMetrics"),
        { ok: true, patterns },
        `seed ${random.seed}: ${form}`,
      );
    }
  }
});

test("any rules without commas and quotes come back from a comma list", () => {
  const random = createRandom();
  const separator = () => random.pick([",", ", ", " ,", ",,"]);
  const join = (items: readonly string[]) => items.reduce((text, item) => `${text}${separator()}${item}`);
  for (let round = 0; round < 2000; round++) {
    const rules = Array.from({ length: 1 + random.below(4) }, (): LabelRule => {
      const label = random.pick(["pod", "http.route", "é", "container-id"]);
      return random.below(2) === 0 ? [label] : [label, textOf(random, ITEM_PIECES)];
    });
    const labels = join(rules.map(([label, pattern]) => (pattern === undefined ? label : `${label}=${pattern}`)));
    assert.deepEqual(parseLabelRules(labels), { ok: true, rules }, `seed ${random.seed}: ${labels}`);
    const patterns = rules.map(() => textOf(random, ITEM_PIECES));
    const list = join(patterns);
    assert.deepEqual(parseMetricPatterns(list, "dropMetrics"), { ok: true, patterns }, `seed ${random.seed}: ${list}`);
  }
});
