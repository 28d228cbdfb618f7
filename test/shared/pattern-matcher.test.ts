import assert from "node:assert/strict";
import { test } from "node:test";
import {
  compilePatterns,
  type PatternMatcher,
  type Subject,
  seriesSubject,
  textSubject,
  withNamespace,
} from "../../services/shared/pattern-matcher.ts";
import { RegexBudget } from "../../services/shared/regex-budget.ts";

const LIMITS = { maxPatterns: 100, maxPatternBytes: 1024 };

const up = seriesSubject([
  { name: "__name__", value: "up" },
  { name: "_server_id", value: "2" },
  { name: "_tenant_id", value: "1" },
  { name: "instance", value: "a:9100" },
  { name: "job", value: "node" },
]);
const bucket = seriesSubject([
  { name: "__name__", value: "http_request_duration_seconds_bucket" },
  { name: "_server_id", value: "2" },
  { name: "_tenant_id", value: "1" },
  { name: "le", value: "0.5" },
]);

const standingClocks = { elapsedMs: () => 0, cpuMs: () => 0 };

function compile(patterns: readonly string[], limits = LIMITS, budget?: RegexBudget): PatternMatcher {
  const compiled = compilePatterns(patterns, limits, budget);
  assert.ok(compiled.ok, compiled.ok ? "" : compiled.detail);
  return compiled.matcher;
}

function hit(patterns: readonly string[], subject: Subject, budget?: RegexBudget): string {
  const found = compile(patterns, LIMITS, budget).match(subject);
  return found ? `${found.how} ${found.pattern}` : "none";
}

const matches: readonly [patterns: string[], subject: Subject, want: string][] = [
  // Equality
  [
    ['up{_tenant_id="1",_server_id="2",instance="a:9100",job="node"}'],
    up,
    'equal up{_tenant_id="1",_server_id="2",instance="a:9100",job="node"}',
  ],
  [["master"], textSubject("master"), "equal master"],
  [["a.b"], textSubject("a.b"), "equal a.b"],
  [["(a)"], textSubject("(a)"), "equal (a)"],
  // Substring
  [["up"], up, "substring up"],
  [["p{_t"], up, "substring p{_t"],
  [['job="node"'], up, 'substring job="node"'],
  [['_tenant_id="1"'], up, 'substring _tenant_id="1"'],
  [["UP"], up, "none"],
  [["b"], textSubject("abc"), "substring b"],
  [['9100",job'], up, 'substring 9100",job'],
  // Elements
  [["node.up.job"], up, "elements node.up.job"],
  [["job.node.up"], up, "elements job.node.up"],
  [["up.instance.job.node.1.2"], up, "elements up.instance.job.node.1.2"],
  [["a:9100.job"], up, "elements a:9100.job"],
  [["up.up"], up, "none"],
  [["node.nod"], up, "none"],
  [["__name__.up"], up, "none"],
  [["c.a"], textSubject("a.b.c"), "elements c.a"],
  [["c.d"], textSubject("a.b.c"), "none"],
  [["x.y"], textSubject("a.b.c"), "none"],
  [["le.bucket"], bucket, "none"],
  // Regular expressions, anchored at the start alone
  [["^up"], up, "regex ^up"],
  [["u."], up, "regex u."],
  [["p."], textSubject("up"), "none"],
  [["^p"], up, "none"],
  [[".*node"], up, "regex .*node"],
  [["up$"], up, "none"],
  [["^up$"], textSubject("up"), "regex ^up$"],
  [[".*_bucket{.*"], bucket, "regex .*_bucket{.*"],
  [[".*_bucket{.*"], up, "none"],
  [['up{.*job="(node|other)".*}'], up, 'regex up{.*job="(node|other)".*}'],
  [["go_|process_|up"], up, "regex go_|process_|up"],
  [["[a-z]+_seconds_bucket"], bucket, "none"],
  [["[a-z_]+_seconds_bucket"], bucket, "regex [a-z_]+_seconds_bucket"],
  [["http_{1,3}request"], bucket, "regex http_{1,3}request"],
  [["with_value_of_*"], textSubject("with_value_of"), "regex with_value_of_*"],
  [["with_value_of_*"], textSubject("with_value_of_x"), "regex with_value_of_*"],
  [["with_value_of_*"], textSubject("zwith_value_of_x"), "none"],
  // Python's syntax
  [["(?P<name>up)"], up, "regex (?P<name>up)"],
  [["(?i)UP"], up, "regex (?i)UP"],
  [["(?i:U)P"], up, "none"],
  [["\\Aup"], up, "regex \\Aup"],
  [["up\\Z"], textSubject("up"), "regex up\\Z"],
  [["up\\Z"], textSubject("ups"), "none"],
  [["up\\\\Z"], textSubject("up\\Z"), "regex up\\\\Z"],
  [["u\\u0070"], textSubject("up"), "regex u\\u0070"],
  [["[\\u00e9]t"], textSubject("été"), "regex [\\u00e9]t"],
  [["\\U0001F600."], textSubject("😀!"), "regex \\U0001F600."],
  [["x{,2}y"], textSubject("xxy"), "regex x{,2}y"],
  [["^x{,2}y"], textSubject("xxxy"), "none"],
  [["[{,2}]x"], textSubject("0x"), "none"],
  [["[{,2}]x"], textSubject(",x"), "regex [{,2}]x"],
  [["\\{,2}"], textSubject("{,2}"), "regex \\{,2}"],
  [["a.c"], textSubject("a\nc"), "none"],
  [["(?s)a.c"], textSubject("a\nc"), "regex (?s)a.c"],
  [["a\\.b"], textSubject("a.b"), "regex a\\.b"],
  [["a\\.b"], textSubject("axb"), "none"],
  [["\\bup\\b"], up, "regex \\bup\\b"],
  // The first pattern of the list that hits wins, whatever it hits as
  [["^u", "up"], up, "regex ^u"],
  [["up", "^u"], up, "substring up"],
  [["nothing", "^x", "node.job", "^up"], up, "elements node.job"],
  [["nothing", "^x", "^up", "node.job"], up, "regex ^up"],
  [["^x", "^y", "^up", "^u"], up, "regex ^up"],
  // One pattern that could hit in several ways says the first of them
  [["u.*"], textSubject("u.*"), "equal u.*"],
  [["u.*"], textSubject("au.*"), "substring u.*"],
  [["b.a"], textSubject("bxa.a.b"), "elements b.a"],
  // Blank patterns
  [[""], up, "none"],
  [["  ", "\t"], up, "none"],
  [["", "up"], up, "substring up"],
  [[], up, "none"],
];

test("a pattern hits by equality, substring, elements or regular expression, in this order", () => {
  for (const [patterns, subject, want] of matches) {
    assert.equal(hit(patterns, subject), want, `${JSON.stringify(patterns)} against ${subject.fullName}`);
  }
});

test("patterns with a budget hit as those without", () => {
  for (const [patterns, subject, want] of matches) {
    assert.equal(hit(patterns, subject, new RegexBudget(standingClocks)), want, JSON.stringify(patterns));
  }
});

test("of many patterns with a budget the first that hits is found, in whatever part of the list it is", () => {
  const patterns = Array.from({ length: 90 }, (_, i) => `^metric_${i}_(${"total|sum|".repeat(10)}count)`);
  const matcher = compile([...patterns, "^metric_\\d+_total"], LIMITS, new RegexBudget(standingClocks));
  for (const i of [0, 1, 30, 60, 89]) {
    assert.equal(matcher.match(textSubject(`metric_${i}_total`))?.pattern, patterns[i]);
  }
  assert.equal(matcher.match(textSubject("metric_90_total"))?.pattern, "^metric_\\d+_total");
  assert.equal(matcher.match(textSubject("metric_x_total")), undefined);
});

test("patterns whose budget is exceeded are not tried any more", () => {
  let nowMs = 0;
  const budget = new RegexBudget({ elapsedMs: () => nowMs++ * 1000, cpuMs: () => nowMs * 1000 });
  const matcher = compile(["^u.$"], LIMITS, budget);
  assert.equal(matcher.match(textSubject("up"))?.how, "regex");
  assert.equal(budget.isExceeded, true);
  assert.equal(matcher.match(textSubject("up")), undefined);
});

test("patterns with a budget may be less large than others, over all lists together", () => {
  const budget = new RegexBudget(standingClocks);
  compile([".{900}a"], LIMITS, budget);
  compile(["\\pL".repeat(10)], LIMITS, budget);
  compile([".{900}b"]);
  const compiled = compilePatterns([".{900}b"], LIMITS, budget);
  assert.match(compiled.ok ? "" : compiled.detail, /^pattern 1 \("\.\{900\}b"\) repeats too much/);
});

test("the elements of a series are its metric name, label names and unescaped values", () => {
  const subject = seriesSubject([
    { name: "__name__", value: "x" },
    { name: "path", value: 'C:\\"new"\n' },
  ]);
  assert.equal(subject.fullName, 'x{path="C:\\\\\\"new\\"\\n"}');
  assert.equal(hit(['C:\\\\"new"\n.path'], subject), "none");
  assert.deepEqual(
    ["x", "path", 'C:\\"new"\n', "__name__", "x{"].map((text) => subject.hasToken(text)),
    [true, true, true, false, false],
  );
});

test("a namespace goes before the name and is one more element", () => {
  const subject = withNamespace(up, "team.a");
  assert.equal(subject.fullName, `team.a.${up.fullName}`);
  assert.equal(hit(["team.a"], subject), "substring team.a");
  assert.equal(hit(["^team\\.a\\.up"], subject), "regex ^team\\.a\\.up");
  assert.equal(hit(["^up"], subject), "none");
  assert.equal(hit(["node.ns"], withNamespace(up, "ns")), "elements node.ns");
  assert.equal(hit(["node.ns"], up), "none");
});

const faults: readonly [patterns: string[], want: RegExp][] = [
  [["a", "("], /^pattern 2 \("\("\) does not compile: missing closing \)/],
  [["a)"], /^pattern 1 .*does not compile: unexpected \)/],
  [["", "[a"], /^pattern 2 .*does not compile: missing closing \]/],
  [["*"], /^pattern 1 .*does not compile: missing argument to repetition operator$/],
  [["a\\"], /^pattern 1 .*does not compile: trailing backslash/],
  [["(?=a)b"], /^pattern 1 .*does not compile: look-around is not supported/],
  [["(?!a)b"], /look-around is not supported/],
  [["(?<=a)b"], /look-around is not supported/],
  [["(?<!a)b"], /look-around is not supported/],
  [["(a)\\1"], /^pattern 1 .*does not compile: back-references are not supported/],
  [["(?P<n>a)(?P=n)"], /back-references are not supported/],
  [["a{3,1}"], /does not compile: invalid repeat count/],
  [["a++"], /does not compile: invalid nested repetition operator: \+\+/],
  [["\\q"], /does not compile: invalid escape sequence/],
  [["x".repeat(1025)], /^pattern 1 \("x{80}…"\) is too long: it has 1025 bytes, the limit is 1024$/],
  [["é".repeat(513)], /is too long: it has 1026 bytes/],
  [Array(101).fill("a"), /^pattern 101 \("a"\) is one too many: the limit is 100$/],
  [["ok", ".{1000}".repeat(100)], /^pattern 2 .* repeats too much/],
  [Array(50).fill("(x.{900})"), /^pattern 23 .* repeats too much/],
  [["\\pL".repeat(300), "\\p{Lu}".repeat(150)], /^pattern 2 .* repeats too much: .* and fewer \\p$/],
];

test("a pattern that cannot be used is named with its place and what is wrong", () => {
  for (const [patterns, want] of faults) {
    const compiled = compilePatterns(patterns, LIMITS);
    assert.ok(!compiled.ok, `${JSON.stringify(patterns).slice(0, 80)} compiles`);
    assert.match(compiled.detail, want);
  }
});

test("limits are met exactly, and blank patterns do not count", () => {
  assert.equal(compile([...Array(100).fill("a"), "", " "]).size, 100);
  assert.equal(compile(["é".repeat(512)]).size, 1);
});

// These would run for longer than the age of the universe, or for minutes, with a backtracking engine.
test("no pattern takes more than linear time", () => {
  const long = `${"a".repeat(10_000)}!`;
  for (const pattern of ["^(a+)+$", "^(a|aa)+$", "^(a|a?)+$", "^(.*a){20}b", "^(a?){50}a{50}b", "^([a-z]*)*$"]) {
    assert.equal(hit([pattern], textSubject(long)), "none", pattern);
  }
  assert.equal(hit([".*(x+x+)+y"], textSubject("x".repeat(100_000))), "none");
  // Needs 2^20 states at once, more than the cache holds.
  assert.equal(hit(["^[ab]*a[ab]{20}c"], textSubject("abbaababab".repeat(10_000))), "none");
});

test("ten thousand patterns are tried in one pass", () => {
  const patterns = Array.from({ length: 10_000 }, (_, i) => `^metric_${i}_(total|sum){.*`);
  const matcher = compile(patterns, { maxPatterns: 10_000, maxPatternBytes: 100 });
  for (let i = 0; i < 1000; i++) {
    const name = `metric_${i * 10}_total`;
    assert.equal(matcher.match(seriesSubject([{ name: "__name__", value: name }]))?.pattern, patterns[i * 10]);
    assert.equal(matcher.match(textSubject(`other_${name}`)), undefined);
  }
});
