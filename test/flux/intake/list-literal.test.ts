import assert from "node:assert/strict";
import { test } from "node:test";
import { type NestedList, parseListLiteral } from "../../../services/flux/intake/list-literal.ts";

const lists: readonly [text: string, want: NestedList][] = [
  ["[]", []],
  ["()", []],
  [" [ ] ", []],
  ["['a']", ["a"]],
  ['["a"]', ["a"]],
  ["('a')", ["a"]],
  ["('a',)", ["a"]],
  ["['a','b']", ["a", "b"]],
  ["['a', \"b\" ,'c' , ]", ["a", "b", "c"]],
  ["\t[\n'a',\r\n'b'\n]\n", ["a", "b"]],
  ["['']", [""]],
  [
    "[['monitor','master'],['another_label_to_drop','with_value_of_*']]",
    [
      ["monitor", "master"],
      ["another_label_to_drop", "with_value_of_*"],
    ],
  ],
  ["['^flag.*','^go_.*','^info_.*']", ["^flag.*", "^go_.*", "^info_.*"]],
  ["(('a','x'),)", [["a", "x"]]],
  ["[('a','x'),['b']]", [["a", "x"], ["b"]]],
  ["[[['deep']], 'flat', ()]", [[["deep"]], "flat", []]],
  ["['a','b'],['c']", [["a", "b"], ["c"]]],
  ["['a'], ", ["a"]],
  ["['it\\'s']", ["it's"]],
  ['["say \\"a\\""]', ['say "a"']],
  ["['say \"a\"']", ['say "a"']],
  ['["it\'s"]', ["it's"]],
  ["['a\\\\b']", ["a\\b"]],
  ["['a\\nb\\tc']", ["a\nb\tc"]],
  ["['\\x41\\xe9']", ["Aé"]],
  ["['\\u00e9\\u20AC']", ["é€"]],
  ['["\\ud83d\\ude00"]', ["😀"]],
  ['["a\\/b"]', ["a/b"]],
  ["['^go_\\d+\\.']", ["^go_\\d+\\."]],
  ["['\\bup\\b']", ["\\bup\\b"]],
  ["[r'^go_\\d+', R\"a\\'b\"]", ["^go_\\d+", "a\\'b"]],
  ["[r'a\\\\']", ["a\\\\"]],
  ["[u'a', U'b']", ["a", "b"]],
  ["['r', 'u']", ["r", "u"]],
  ["['[', ')', ',']", ["[", ")", ","]],
  ["['é😀']", ["é😀"]],
];

test("lists are read as JSON and Python write them", () => {
  for (const [text, want] of lists) {
    assert.deepEqual(parseListLiteral(text), { ok: true, value: want }, text);
  }
});

test("whatever JSON reads as lists of strings is read the same", () => {
  for (const text of ['["a","b"]', '[["a","\\u0041\\\\"],["c\\"d"],[]]', '[ "\\n\\t\\/" ]']) {
    assert.deepEqual(parseListLiteral(text), { ok: true, value: JSON.parse(text) }, text);
  }
});

const faults: readonly [text: string, detail: string][] = [
  ["", "expected a list that begins with [ or ( at character 1, found the end of the text"],
  ["'a'", "expected a list that begins with [ or ( at character 1, found \"'a'\""],
  ["[", "expected a string in quotes at character 2, found the end of the text"],
  ["['a'", "expected , or ] at character 5, found the end of the text"],
  ["['a',", "expected a string in quotes at character 6, found the end of the text"],
  ["['a')", 'expected , or ] at character 5, found ")"'],
  ["('a']", 'expected , or ) at character 5, found "]"'],
  ["['a' 'b']", "expected , or ] at character 6, found \"'b']\""],
  ["['a',,'b']", "expected a string in quotes at character 6, found \",'b']\""],
  ["[,]", 'expected a string in quotes at character 2, found ",]"'],
  ["[a]", 'expected a string in quotes at character 2, found "a]"'],
  ["[1]", 'expected a string in quotes at character 2, found "1]"'],
  ["['a', None]", 'expected a string in quotes at character 7, found "None]"'],
  ["[true]", 'expected a string in quotes at character 2, found "true]"'],
  ["[['b',1]]", 'expected a string in quotes at character 7, found "1]]"'],
  ["[b'a']", "expected a string in quotes at character 2, found \"b'a']\""],
  ["[r]", 'expected a string in quotes at character 2, found "r]"'],
  ["[{'a':1}]", "expected a string in quotes at character 2, found \"{'a':1}]\""],
  ["['a'] x", 'expected the end of the list at character 7, found "x"'],
  ["['a'], 'b'", "expected a list that begins with [ or ( at character 8, found \"'b'\""],
  ["['a]", "expected the quote ' that ends the string of character 2 at character 5, found the end of the text"],
  ["['a\\']", "expected the quote ' that ends the string of character 2 at character 7, found the end of the text"],
  ["['a\\", "expected the quote ' that ends the string of character 2 at character 5, found the end of the text"],
  ["[r'a\\'", "expected the quote ' that ends the string of character 3 at character 7, found the end of the text"],
  ["['\\x4']", 'expected 2 hexadecimal digits after \\x at character 5, found "4\']"'],
  ["['\\u12", 'expected 4 hexadecimal digits after \\u at character 5, found "12"'],
  ["['\\u12g4']", 'expected 4 hexadecimal digits after \\u at character 5, found "12g4\']"'],
];

test("a malformed list is refused with the place and what was expected there", () => {
  for (const [text, detail] of faults) {
    assert.deepEqual(parseListLiteral(text), { ok: false, detail }, text);
  }
});

test("depth and length are limited", () => {
  const nested = (depth: number) => `${"[".repeat(depth)}'a'${"]".repeat(depth)}`;
  assert.ok(parseListLiteral(nested(16)).ok);
  assert.deepEqual(parseListLiteral(nested(17)), {
    ok: false,
    detail: "expected no more than 16 lists inside each other at character 17, found \"['a']]]]]]]]]]]]]]]]\"",
  });
  assert.ok(!parseListLiteral("[".repeat(60_000)).ok);
  assert.ok(parseListLiteral(`['${"a".repeat(65_532)}']`).ok);
  assert.deepEqual(parseListLiteral(`['${"a".repeat(65_533)}']`), {
    ok: false,
    detail: "the list is longer than 65536 characters",
  });
});

test("any nested list comes back from its JSON and from its Python form", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = createRandom(seed);
  for (let i = 0; i < 2000; i++) {
    const list = randomList(random, 3);
    const json = writeList(list, ["[", "]"], JSON.stringify, random);
    const python = writeList(list, ["(", ")"], writePython, random);
    assert.deepEqual(parseListLiteral(json), { ok: true, value: list }, `seed ${seed}: ${json}`);
    assert.deepEqual(parseListLiteral(python), { ok: true, value: list }, `seed ${seed}: ${python}`);
  }
});

test("no text at all makes the parser throw", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = createRandom(seed);
  const pieces = ["[", "]", "(", ")", ",", "'", '"', "\\", "a", " ", "r", "\\x4", "\\u00", "é", "'a'"];
  for (let i = 0; i < 5000; i++) {
    const text = Array.from({ length: random(12) }, () => pieces[random(pieces.length)]).join("");
    const parsed = parseListLiteral(text);
    assert.equal(typeof (parsed.ok ? parsed.value : parsed.detail), parsed.ok ? "object" : "string", `seed ${seed}`);
  }
});

type Random = (below: number) => number;

/** Whole numbers below a bound, the same for the same seed. */
function createRandom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
}

// Without the characters that JSON writes as \b, \f and \r: in our lists these stay parts of a pattern.
const CHARACTERS = ["a", "b", "\\", "'", '"', "\n", "\t", "[", ")", ",", " ", "é", "€", "😀", "/", "^", "*"];

function randomList(random: Random, depth: number): NestedList {
  return Array.from({ length: random(5) }, () =>
    depth > 1 && random(3) === 0
      ? randomList(random, depth - 1)
      : Array.from({ length: random(8) }, () => CHARACTERS[random(CHARACTERS.length)]).join(""),
  );
}

function writeList(
  list: NestedList,
  [open, close]: [string, string],
  write: (text: string) => string,
  random: Random,
): string {
  const items = list.map((item) =>
    typeof item === "string" ? write(item) : writeList(item, [open, close], write, random),
  );
  const space = () => " ".repeat(random(2));
  const last = items.length > 0 && random(2) === 0 ? "," : "";
  return `${open}${space()}${items.join(`${space()},${space()}`)}${last}${space()}${close}`;
}

/** As Python's repr() does. */
function writePython(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\t", "\\t")
    .replaceAll("é", "\\xe9")
    .replaceAll("€", "\\u20ac");
  return `${quote}${escaped.replaceAll(quote, `\\${quote}`)}${quote}`;
}
