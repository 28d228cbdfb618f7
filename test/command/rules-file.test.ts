import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRulesFile } from "../../services/command/rules-file.ts";

const NONE = { origin: "file", dropMetrics: [], doNotDropMetrics: [], dropLabels: [] };

const readable: [what: string, text: string, want: object][] = [
  ["nothing", "", {}],
  ["a comment", "# later\n", {}],
  [
    "YAML lists",
    "dropMetrics: [a, '^b']\ndropLabels:\n- [pod]\n- [zone, ^eu]\n",
    {
      dropMetrics: ["a", "^b"],
      dropLabels: [["pod"], ["zone", "^eu"]],
    },
  ],
  ["JSON", '{"doNotDropMetrics": ["a"]}', { doNotDropMetrics: ["a"] }],
  [
    "texts as in headers",
    `dropMetrics: "a, b"\ndoNotDropMetrics: "['c']"\ndropLabels: pod,zone=^eu`,
    {
      dropMetrics: ["a", "b"],
      doNotDropMetrics: ["c"],
      dropLabels: [["pod"], ["zone", "^eu"]],
    },
  ],
];
for (const [what, text, want] of readable) {
  test(`a file of rules may hold ${what}`, () => {
    assert.deepEqual(parseRulesFile("r.yml", text), { ok: true, source: { ...NONE, ...want } });
  });
}

const unreadable: [what: string, text: string, says: RegExp][] = [
  ["is not YAML", "a: [", /^cannot use the rules in r\.yml: it is not YAML: /],
  ["is no map", "- a", /r\.yml: .*expected object/],
  ["names something else", "DROP_METRICS: [a]", /DROP_METRICS/],
  ["has a number as pattern", "dropMetrics: [1]", /r\.yml: dropMetrics: must be a list of patterns, or text/],
  ["has a rule of three", "dropLabels: [[a, b, c]]", /r\.yml: dropLabels: must be a list of \[label, value pattern\]/],
  ["has a text that no header may be", `dropMetrics: "['a'"`, /r\.yml: cannot read the header dropMetrics: expected/],
];
for (const [what, text, says] of unreadable) {
  test(`a file of rules that ${what} is refused, and says why`, () => {
    const parsed = parseRulesFile("r.yml", text);
    assert.ok(!parsed.ok);
    assert.match(parsed.problem, says);
  });
}
