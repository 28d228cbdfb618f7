import assert from "node:assert/strict";
import { test } from "node:test";
import {
  compileRules,
  headerRules,
  type RuleHeaders,
  type RuleSource,
  type Rules,
  settingsRules,
} from "../../../services/flux/intake/rules.ts";
import { injectOwner } from "../../../services/flux/intake/series-check.ts";
import type { Label } from "../../../services/shared/series.ts";
import { settingsSchema } from "../../../settings/schema.ts";

/*
 * Rules as senders write them in headers, from the header to what becomes of a series. Tenant 1 and server 2 send
 * everything. The tables hold Skyline's behaviour and, where that is a mistake, ours.
 */

const LIMITS = { maxPatterns: 1000, maxPatternBytes: 1024 };
const NO_HEADERS: RuleHeaders = { dropMetrics: undefined, doNotDropMetrics: undefined, dropLabels: undefined };
const NO_RULES: RuleSource = { dropMetrics: [], doNotDropMetrics: [], dropLabels: [] };

function compile(headers: Partial<RuleHeaders>): { ok: true; rules: Rules } | { ok: false; detail: string } {
  const parsed = headerRules({ ...NO_HEADERS, ...headers });
  return parsed.ok ? compileRules([parsed.source], LIMITS) : parsed;
}

/** Reads `name{a=1,b=x y}`: no quotes, values without commas. */
function series(text: string): Label[] {
  const [, name = "", inside = ""] = /^([^{]*)(?:\{(.*)\})?$/s.exec(text) ?? [];
  const labels = inside === "" ? [] : inside.split(",").map((pair) => pair.split(/=(.*)/s));
  return [{ name: "__name__", value: name }, ...labels.map(([label = "", value = ""]) => ({ name: label, value }))];
}

function verdict(rules: Rules, text: string): string {
  const decision = rules.decide(injectOwner(rules.dropLabels(series(text)), "1", "2"));
  return decision.keep ? "keep" : `drop ${decision.rule.pattern}`;
}

const DOCS_METRICS = "['^flag.*','^go_.*','^info_.*']";
const HTTP =
  "prometheus_http_requests_total{alias=Prometheus,code=200,handler=/graph,instance=localhost:9090,job=prometheus}";
const BUCKET = "http_request_duration_seconds_bucket{job=api,le=0.5}";

// Header dropMetrics, header doNotDropMetrics, series, what becomes of it
const metricRows: readonly [drop: string, keep: string, series: string, want: string][] = [
  // No rules
  ["", "", "up", "keep"],
  ["   ", "", HTTP, "keep"],
  ["[]", "", HTTP, "keep"],
  ["()", "", HTTP, "keep"],
  [",", "", HTTP, "keep"],
  [" , ,", "", HTTP, "keep"],
  ["['']", "", HTTP, "keep"],
  ["['  ']", "", HTTP, "keep"],
  // The header in Skyline's documentation
  [DOCS_METRICS, "", "flag", "drop ^flag.*"],
  [DOCS_METRICS, "", "flag_x{job=node}", "drop ^flag.*"],
  [DOCS_METRICS, "", "flags_total", "drop ^flag.*"],
  [DOCS_METRICS, "", "go_goroutines{job=node}", "drop ^go_.*"],
  [DOCS_METRICS, "", "go_", "drop ^go_.*"],
  [DOCS_METRICS, "", "info_build", "drop ^info_.*"],
  [DOCS_METRICS, "", "my_flag", "keep"],
  [DOCS_METRICS, "", "cargo_total", "keep"],
  [DOCS_METRICS, "", "go", "keep"],
  [DOCS_METRICS, "", "node_info{go_version=1.21}", "keep"],
  [DOCS_METRICS, "", "GO_goroutines", "keep"],
  [DOCS_METRICS, "", HTTP, "keep"],
  // The same in every other form
  ['["^flag.*","^go_.*","^info_.*"]', "", "go_threads", "drop ^go_.*"],
  ["('^flag.*','^go_.*','^info_.*')", "", "go_threads", "drop ^go_.*"],
  ["[['^flag.*'],['^go_.*','^info_.*']]", "", "go_threads", "drop ^go_.*"],
  ["['^flag.*',['^go_.*',['^info_.*']]]", "", "info_x", "drop ^info_.*"],
  ["^flag.*,^go_.*,^info_.*", "", "go_threads", "drop ^go_.*"],
  ["^flag.*, ^go_.*, ^info_.*", "", "go_threads", "drop ^go_.*"],
  ["'^flag.*','^go_.*','^info_.*'", "", "go_threads", "drop ^go_.*"],
  ["['^flag.*'], ['^go_.*']", "", "go_threads", "drop ^go_.*"],
  ["[ '^flag.*' , '^go_.*' , ]", "", "go_threads", "drop ^go_.*"],
  // Comma lists that Skyline gets wrong: spaces, empty items, commas inside a pattern
  ["foo, ^flag.*", "", "flag_x", "drop ^flag.*"],
  ["foo,", "", "up", "keep"],
  ["a_metric,,b_metric", "", "up", "keep"],
  ["a_metric,,b_metric", "", "b_metric", "drop b_metric"],
  ["^x{1,3}_total", "", "xx_total", "drop ^x{1,3}_total"],
  ["^x{1,3}_total", "", "xxxx_total", "keep"],
  ["(go|process)_.*,^node_", "", "process_cpu", "drop (go|process)_.*"],
  ["(go|process)_.*,^node_", "", "node_load1", "drop ^node_"],
  // Equality
  [
    '["up{_tenant_id=\\"1\\",_server_id=\\"2\\",job=\\"node\\"}"]',
    "",
    "up{job=node}",
    'drop up{_tenant_id="1",_server_id="2",job="node"}',
  ],
  ['["up{_tenant_id=\\"1\\",_server_id=\\"2\\"}"]', "", "up", 'drop up{_tenant_id="1",_server_id="2"}'],
  ['["up{_tenant_id=\\"1\\",_server_id=\\"2\\"}"]', "", "up{job=node}", "keep"],
  // Substring of the full name, labels included
  ["up", "", "up", "drop up"],
  ["up", "", "node_cpu{group=x}", "drop up"],
  ["requests_total", "", HTTP, "drop requests_total"],
  ['job="prometheus"', "", HTTP, 'drop job="prometheus"'],
  ["['job=\"prometheus\"']", "", HTTP, 'drop job="prometheus"'],
  ["localhost:9090", "", HTTP, "drop localhost:9090"],
  ["/graph", "", HTTP, "drop /graph"],
  ['_tenant_id="1"', "", "up", 'drop _tenant_id="1"'],
  ['_tenant_id="2"', "", "up", "keep"],
  ['_server_id="2"', "", "up", 'drop _server_id="2"'],
  ["[ 'x{_tenant' ]", "", "x{a=b}", "drop x{_tenant"],
  ["REQUESTS", "", HTTP, "keep"],
  ["Prometheus", "", HTTP, "drop Prometheus"],
  // Dotted elements: parts in any order, whole, not twice
  ["node.up.job", "", "up{instance=a,job=node}", "drop node.up.job"],
  ["up.node", "", "up{instance=a,job=node}", "drop up.node"],
  ["up.instance.job", "", "up{instance=a,job=node}", "drop up.instance.job"],
  ["1.up.2", "", "up", "drop 1.up.2"],
  ["_tenant_id.up", "", "up", "drop _tenant_id.up"],
  ["up.nod", "", "up{job=node}", "keep"],
  ["up.up", "", "up{job=up}", "keep"],
  ["node.up.node", "", "up{job=node}", "keep"],
  ["__name__.node", "", "up{job=node}", "keep"],
  ["localhost:9090.handler", "", HTTP, "drop localhost:9090.handler"],
  ["up.api.v1", "", "up{host=api.v1}", "keep"],
  ["up.job.", "", "up{job=node}", "keep"],
  // Regular expressions: anchored at the start, not at the end
  ["^up", "", "upper_total", "drop ^up"],
  ["^up{", "", "upper_total", "keep"],
  ["^up{", "", "up", "drop ^up{"],
  ["^up$", "", "up", "keep"],
  ["^p", "", "up", "keep"],
  ["u[o-q]", "", "up", "drop u[o-q]"],
  ["p[_{]", "", "up", "keep"],
  [".*p[_{]", "", "up", "drop .*p[_{]"],
  [".*_bucket{.*", "", BUCKET, "drop .*_bucket{.*"],
  [".*_bucket{.*", "", "bucket_total", "keep"],
  ["['.*_bucket{.*']", "", BUCKET, "drop .*_bucket{.*"],
  ['["^http_.*le=\\"0\\\\.5\\""]', "", BUCKET, 'drop ^http_.*le="0\\.5"'],
  ["[r'^http_.*le=\"0\\.5\"']", "", BUCKET, 'drop ^http_.*le="0\\.5"'],
  ["['^http_.*le=\"0\\.5\"']", "", BUCKET, 'drop ^http_.*le="0\\.5"'],
  ["^go_\\d+", "", "go_17", "drop ^go_\\d+"],
  ["['^go_\\d+']", "", "go_17", "drop ^go_\\d+"],
  ["['^go_\\d+']", "", "go_x", "keep"],
  ["(?i)^GO_", "", "go_threads", "drop (?i)^GO_"],
  ["^GO_", "", "go_threads", "keep"],
  ["^(?P<kind>go|node)_", "", "node_load1", "drop ^(?P<kind>go|node)_"],
  ["\\Ago_", "", "go_threads", "drop \\Ago_"],
  ['.*"}\\Z', "", "up{job=node}", 'drop .*"}\\Z'],
  ["up\\Z", "", "up", "keep"],
  ["^.*job=.node", "", "up{job=node}", "drop ^.*job=.node"],
  [
    "(node_memory_active_bytes|localhost:9100)",
    "",
    "node_memory_active_bytes",
    "drop (node_memory_active_bytes|localhost:9100)",
  ],
  ["(node_memory_active_bytes|localhost:9100)", "", "up{instance=localhost:9100}", "keep"],
  [
    ".*(node_memory_active_bytes|localhost:9100)",
    "",
    "up{instance=localhost:9100}",
    "drop .*(node_memory_active_bytes|localhost:9100)",
  ],
  [".*", "", "up", "drop .*"],
  [".", "", "up", "drop ."],
  ["^a.*b", "", "a{x=1\nb}", "drop ^a.*b"],
  // Newlines and quotes in values are escaped in the full name, and raw among the elements
  ['["a\\\\nb"]', "", "m{x=a\nb}", "drop a\\nb"],
  ['["a\\nb.x"]', "", "m{x=a\nb}", "drop a\nb.x"],
  ['say \\"x\\"', "", 'm{x=say "x"}', 'drop say \\"x\\"'],
  // What Skyline reads as a pattern of one character each, as no list at all, or as a pattern that aborts matching
  ["'go_gc', 'go_threads'", "", "go_threads", "drop go_threads"],
  ["[['^flag'],[['^go_'],['up']]]", "", "up", "drop up"],
  ["(('^go_',),)", "", "go_gc", "drop ^go_"],
  ['("go_gc","up")', "", "up", "drop up"],
  ["['^go_', '', '^node_']", "", "up", "keep"],
  // Every element counts once, and as a whole
  ["api.500", "", "m{code=500,job=api}", "drop api.500"],
  ["code.500.job.api.m", "", "m{code=500,job=api}", "drop code.500.job.api.m"],
  ["api.50", "", "m{code=500,job=api}", "keep"],
  ["api.500.x", "", "m{code=500,job=api}", "keep"],
  // The first pattern that hits is the one that is told
  ["^u,up", "", "up", "drop ^u"],
  ["up,^u", "", "up", "drop up"],
  ["nothing,job.node,^up", "", "up{job=node}", "drop job.node"],
  // doNotDropMetrics beats dropMetrics, and is no list of what to keep alone
  ["", "^up", "down", "keep"],
  ["", "^up", "up", "keep"],
  ["^go_", "go_threads", "go_threads", "keep"],
  ["^go_", "go_threads", "go_goroutines", "drop ^go_"],
  ["^go_", "go_threads", "node_load1", "keep"],
  ["^go_", "^go_", "go_threads", "keep"],
  [".*", "^node_load", "node_load1", "keep"],
  [".*", "^node_load", "node_cpu", "drop .*"],
  [".*_bucket{.*", "['^http_request_duration']", BUCKET, "keep"],
  [".*_bucket{.*", "['^grpc_']", BUCKET, "drop .*_bucket{.*"],
  [DOCS_METRICS, '["go_goroutines","go_threads"]', "go_goroutines", "keep"],
  [DOCS_METRICS, '["go_goroutines","go_threads"]', "go_gc", "drop ^go_.*"],
  [DOCS_METRICS, "('go_goroutines',)", "go_goroutines", "keep"],
  [DOCS_METRICS, "[['go_goroutines']]", "go_goroutines", "keep"],
  [DOCS_METRICS, "node.job", "go_goroutines{job=node}", "keep"],
  [DOCS_METRICS, ",", "go_goroutines", "drop ^go_.*"],
  [DOCS_METRICS, "['']", "go_goroutines", "drop ^go_.*"],
  [DOCS_METRICS, "GO_", "go_goroutines", "drop ^go_.*"],
  ["prometheus", 'code="200"', HTTP, "keep"],
  ["prometheus", 'code="500"', HTTP, "drop prometheus"],
];

test("series are dropped and kept as the headers dropMetrics and doNotDropMetrics say", () => {
  assert.ok(metricRows.length >= 120);
  for (const [dropMetrics, doNotDropMetrics, text, want] of metricRows) {
    const row = JSON.stringify([dropMetrics, doNotDropMetrics, text]);
    const compiled = compile({ dropMetrics, doNotDropMetrics });
    assert.ok(compiled.ok, `${row} ${compiled.ok ? "" : compiled.detail}`);
    assert.equal(verdict(compiled.rules, text), want, row);
  }
});

const DOCS_LABELS = "[['monitor','master'],['another_label_to_drop','with_value_of_*']]";

// Header dropLabels, labels of the series m, labels that stay
const labelRows: readonly [header: string, labels: string, want: string][] = [
  // No rules
  ["", "monitor=master", "monitor"],
  ["  ", "monitor=master", "monitor"],
  ["[]", "monitor=master", "monitor"],
  // The header in Skyline's documentation. The star is no glob: it repeats the underscore
  [DOCS_LABELS, "job=node,monitor=master", "job"],
  [DOCS_LABELS, "job=node,monitor=master2", "job"],
  [DOCS_LABELS, "job=node,monitor=webmaster", "job"],
  [DOCS_LABELS, "job=node,monitor=slave", "job monitor"],
  [DOCS_LABELS, "job=master", "job"],
  [DOCS_LABELS, "another_label_to_drop=with_value_of", ""],
  [DOCS_LABELS, "another_label_to_drop=with_value_of_", ""],
  [DOCS_LABELS, "another_label_to_drop=with_value_of_x", ""],
  [DOCS_LABELS, "another_label_to_drop=with_value_of__", ""],
  [DOCS_LABELS, "another_label_to_drop=with_value_o", "another_label_to_drop"],
  [DOCS_LABELS, "another_label_to_drop=zwith_value_of_x", "another_label_to_drop"],
  [DOCS_LABELS, "another_label_to_drop=zwith_value_of_*", ""],
  [DOCS_LABELS, "another_label=with_value_of_x", "another_label"],
  [DOCS_LABELS, "another_label_to_drop=with_value_of_x,job=node,monitor=master", "job"],
  [DOCS_LABELS, "job=node", "job"],
  [DOCS_LABELS, "", ""],
  // Shapes
  ['[["a","x"]]', "a=x,b=x", "b"],
  ["[['a','x'],['b','y']]", "a=x,b=y,c=z", "c"],
  ["[['a','x'],['b','y']]", "a=y,b=x", "a b"],
  ["(('a','x'),)", "a=x,b=x", "b"],
  ["[('a','x'),('b',)]", "a=x,b=1,c=1", "c"],
  ["['a','x'],['b','y']", "a=x,b=y", ""],
  ["['monitor','m2']", "monitor=m2,m=o", "m"],
  ["['monitor','m2']", "monitor=m1", "monitor"],
  ["[['monitor']]", "job=x,monitor=whatever", "job"],
  ["['monitor']", "job=x,monitor=whatever", "job"],
  ["monitor,z", "job=x,monitor=whatever,z=1", "job"],
  ["monitor, z", "monitor=whatever,zz=1", "zz"],
  ["monitor=master,z", "monitor=master,z=1", ""],
  ["monitor=master,z", "monitor=slave,z=1", "monitor"],
  ["container_id", "container_id=0af5,pod=web", "pod"],
  ["pod=^web-[0-9]+$", "pod=web-1", ""],
  ["pod=^web-[0-9]+$", "pod=web-x", "pod"],
  ["pod=x{1,2}y", "pod=xxy", ""],
  // Any value
  ["[['a','*']]", "a=anything,b=1", "b"],
  ["[['a','.*']]", "a=line\nline,b=1", "b"],
  ["a=*", "a=anything", ""],
  ["a=.*", "a=anything", ""],
  // Equality, substring, elements, regular expression
  ["[['b','b']]", "b=b", ""],
  ["[['b','b']]", "b=abc", ""],
  ["[['b','B']]", "b=abc", "b"],
  ["[['b','c.a']]", "b=a.b.c", ""],
  ["[['b','c.d']]", "b=a.b.c", "b"],
  ["[['b','a.a']]", "b=a.b.c", "b"],
  ["[['b','x.b']]", "b=b x", "b"],
  ["[['b','^a']]", "b=abc", ""],
  ["[['b','^b']]", "b=abc", "b"],
  ["[['b','[bc]+']]", "b=abc", "b"],
  ["[['b','.*[bc]+']]", "b=abc", ""],
  ["[['b','a|b']]", "b=bcd", ""],
  ["[['b','^a$']]", "b=ab", "b"],
  ["[['b','(?i)MASTER']]", "b=master", ""],
  ["[['b','1.5']]", "b=1x5", ""],
  ["[['b','1\\\\.5']]", "b=1x5", "b"],
  ["[['b','1\\.5']]", "b=1.5", ""],
  ["[['b','a.b.c']]", "b=a.b.c", ""],
  ["[['b','b.a']]", "b=a.b", ""],
  ["[['b','a.']]", "b=xa.", ""],
  ["[['b','\\Ax']]", "b=xy", ""],
  ["[['b','x\\Z']]", "b=xy", "b"],
  // The name is matched whole and as it is
  ["[['mon','master']]", "monitor=master", "monitor"],
  ["[['monitor.*','master']]", "monitor=master", "monitor"],
  ["[['Monitor','master']]", "monitor=master", "monitor"],
  // Several rules for one label
  ["[['a','x'],['a','y']]", "a=y", ""],
  ["[['a','x'],['a','y']]", "a=z", "a"],
  ["[['a','x'],['a']]", "a=z", ""],
  ["[['a'],['a','x']]", "a=z", ""],
  ["[['constructor','x']]", "a=x", "a"],
];

test("labels are dropped as the header dropLabels says", () => {
  assert.ok(labelRows.length >= 60);
  for (const [dropLabels, labels, want] of labelRows) {
    const row = JSON.stringify([dropLabels, labels]);
    const compiled = compile({ dropLabels });
    assert.ok(compiled.ok, `${row} ${compiled.ok ? "" : compiled.detail}`);
    const left = compiled.rules.dropLabels(series(`m{${labels}}`)).map(({ name }) => name);
    assert.equal(left.join(" "), ["__name__", want].join(" ").trim(), row);
  }
});

const faults: readonly [headers: Partial<RuleHeaders>, detail: RegExp][] = [
  [
    { dropMetrics: "a,(" },
    /^cannot use the header dropMetrics: pattern 2 \("\("\) does not compile: missing closing \)/,
  ],
  [{ dropMetrics: "['a','[b']" }, /^cannot use the header dropMetrics: pattern 2 \("\[b"\) does not compile/],
  [{ dropMetrics: "*" }, /^cannot use the header dropMetrics: pattern 1 \("\*"\) does not compile/],
  [{ dropMetrics: "(?!go_).*" }, /^cannot use the header dropMetrics: .* look-around is not supported/],
  [{ dropMetrics: "['a'" }, /^cannot read the header dropMetrics: expected , or \] at character 5/],
  [{ doNotDropMetrics: "a)" }, /^cannot use the header doNotDropMetrics: pattern 1 .*unexpected \)/],
  [{ doNotDropMetrics: "[a]" }, /^cannot read the header doNotDropMetrics: expected a string in quotes at character 2/],
  [
    { dropLabels: "[['a','x'],['b','(']]" },
    /^cannot use the header dropLabels: rule 2: pattern 1 \("\("\) does not compile/,
  ],
  [{ dropLabels: "[['a','x'" }, /^cannot read the header dropLabels: expected , or \] at character 10/],
  [{ dropLabels: "['a','b','c']" }, /^cannot read the header dropLabels: entry 1 is not a pair/],
  [{ dropLabels: "{'b':'1'}" }, /^cannot read the header dropLabels: item 1 is not label or label=pattern/],
  [{ dropLabels: "[['b',1]]" }, /^cannot read the header dropLabels: expected a string in quotes at character 7/],
  [{ dropMetrics: "[[1]]" }, /^cannot read the header dropMetrics: expected a string in quotes at character 3/],
  [
    { dropLabels: "[['a'],['a','(']]" },
    /^cannot use the header dropLabels: rule 2: pattern 1 \("\("\) does not compile/,
  ],
  [{ dropLabels: "[['','x']]" }, /^cannot use the header dropLabels: rule 1: it names no label/],
  [{ dropLabels: "[['a','']]" }, /rule 1: its pattern is empty; leave it out to drop a whatever the value/],
  [{ dropLabels: "a=" }, /rule 1: its pattern is empty/],
  [{ dropLabels: "a,__name__" }, /rule 2: the label __name__ cannot be dropped; take the rule out/],
  [{ dropLabels: "[['_tenant_id','x']]" }, /rule 1: the label _tenant_id cannot be dropped/],
  [{ dropLabels: "_server_id=*" }, /rule 1: the label _server_id cannot be dropped/],
  [{ dropMetrics: `['${"a".repeat(1025)}']` }, /^cannot use the header dropMetrics: pattern 1 .* is too long/],
  [{ dropMetrics: "a,".repeat(1001) }, /^cannot use the header dropMetrics: pattern 1001 .* is one too many/],
  [{ dropLabels: "a,".repeat(1001) }, /^cannot use the header dropLabels: it has 1001 rules, the limit is 1000/],
  [{ dropLabels: `a=${"a".repeat(1025)}` }, /rule 1: pattern 1 .* is too long/],
];

test("rules that cannot be used are refused with header, place and reason", () => {
  for (const [headers, detail] of faults) {
    const compiled = compile(headers);
    assert.ok(!compiled.ok, JSON.stringify(headers).slice(0, 200));
    assert.match(compiled.detail, detail);
  }
});

test("the default settings drop monitor=master and nothing else", () => {
  const compiled = compileRules([settingsRules(settingsSchema.parse({}))], LIMITS);
  assert.ok(compiled.ok);
  const { rules } = compiled;
  const left = (labels: string) => rules.dropLabels(series(`m{${labels}}`)).map(({ name }) => name);
  assert.deepEqual(left("job=node,monitor=master"), ["__name__", "job"]);
  assert.deepEqual(left("job=node,monitor=master2"), ["__name__", "job", "monitor"]);
  assert.equal(verdict(rules, BUCKET), "keep");
});

test("rules of settings and headers work together, and either's doNotDrop beats both's drop", () => {
  const settings: RuleSource = {
    origin: "settings",
    dropMetrics: ["^go_"],
    doNotDropMetrics: ["^node_load"],
    dropLabels: [["monitor", "^master$"]],
  };
  const headers: RuleSource = {
    origin: "headers",
    dropMetrics: ["^node_", "^go_gc"],
    doNotDropMetrics: ["go_threads"],
    dropLabels: [["replica"]],
  };
  const compiled = compileRules([settings, headers], LIMITS);
  assert.ok(compiled.ok);
  const verdicts = ["go_threads", "go_gc", "node_load1", "node_cpu", "up"].map((name) => verdict(compiled.rules, name));
  assert.deepEqual(verdicts, ["keep", "drop ^go_", "keep", "drop ^node_", "keep"]);
  const left = compiled.rules.dropLabels(series("m{monitor=master,replica=1,x=1}"));
  assert.deepEqual(left, series("m{x=1}"));
});

test("what is wrong with settings is told by the settings' names", () => {
  const source: RuleSource = { ...NO_RULES, origin: "settings" };
  const details = [
    { ...source, dropMetrics: ["("] },
    { ...source, doNotDropMetrics: ["("] },
    { ...source, dropLabels: [["__name__"]] as const },
  ].map((rules) => compileRules([NO_RULES, rules], LIMITS));
  assert.deepEqual(
    details.map((compiled) => (compiled.ok ? "" : compiled.detail.split(":")[0])),
    [
      "cannot use the setting DROP_METRICS",
      "cannot use the setting DO_NOT_DROP_METRICS",
      "cannot use the setting DROP_LABELS",
    ],
  );
});

test("labels are dropped before metrics are matched", () => {
  const compiled = compile({ dropMetrics: "replica", dropLabels: "replica" });
  assert.ok(compiled.ok);
  assert.equal(verdict(compiled.rules, "up{replica=1}"), "keep");
  assert.equal(verdict(compiled.rules, "replica_count"), "drop replica");
});

test("a decision names the rule that made it, and whose it is", () => {
  const sources: RuleSource[] = [
    settingsRules({ DROP_METRICS: ["^go_"], DO_NOT_DROP_METRICS: [], DROP_LABELS: [["pod"]] }),
    { ...NO_RULES, origin: "tenant", place: "FLUX_TENANTS, acme", doNotDropMetrics: ["go_threads"] },
    { ...NO_RULES, origin: "key", place: "FLUX_API_KEYS, entry 1", dropMetrics: ["_total{"] },
    { ...NO_RULES, dropMetrics: ["a", "^go_.*"], dropLabels: [["pod"], ["zone", "^eu"], ["zone"]] },
  ];
  const compiled = compileRules(sources, LIMITS);
  assert.ok(compiled.ok);
  const { rules } = compiled;
  const settings = { origin: "settings", list: "DROP_METRICS", pattern: "^go_" };
  const decided = (text: string) => rules.decide(series(text));
  assert.deepEqual(decided("go_gc"), { keep: false, rule: settings });
  assert.deepEqual(decided("x_total"), {
    keep: false,
    rule: { origin: "key", list: "dropMetrics", pattern: "_total{" },
  });
  assert.deepEqual(decided("bar"), { keep: false, rule: { origin: "headers", list: "dropMetrics", pattern: "a" } });
  assert.deepEqual(decided("go_threads"), {
    keep: true,
    saved: { from: settings, by: { origin: "tenant", list: "doNotDropMetrics", pattern: "go_threads" } },
  });
  assert.deepEqual(decided("up"), { keep: true });

  const labelRule = (name: string, value: string) => rules.labelRule({ name, value });
  assert.deepEqual(labelRule("pod", "x"), { origin: "settings", list: "DROP_LABELS", label: "pod" });
  const zone = { origin: "headers", list: "dropLabels", label: "zone" };
  assert.deepEqual(labelRule("zone", "eu-1"), { ...zone, pattern: "^eu" });
  assert.deepEqual(labelRule("zone", "us-1"), zone);
  assert.equal(labelRule("job", "x"), undefined);
});

test("a set says which labels its rules are about, and labels that all stay are the same array", () => {
  const none = compile({ dropMetrics: "x" });
  const some = compile({ dropLabels: "monitor=master" });
  assert.ok(none.ok && some.ok);
  assert.deepEqual([none.rules.ruledLabels, some.rules.ruledLabels], [[], ["monitor"]]);
  const labels = series("up{monitor=slave}");
  assert.equal(some.rules.dropLabels(labels), labels);
});

test("a hostile pattern and a hostile value take no more than linear time", () => {
  const compiled = compile({ dropMetrics: "^.*(x+x+)+y", dropLabels: "[['a','^(a+)+$']]" });
  assert.ok(compiled.ok);
  const labels = series(`up{a=${"a".repeat(10_000)}!,b=${"x".repeat(10_000)}}`);
  assert.equal(compiled.rules.dropLabels(labels), labels);
  assert.deepEqual(compiled.rules.decide(labels), { keep: true });
});
