import { parse } from "yaml";
import { z } from "zod";
import {
  type LabelRule,
  type ParsedLabelRules,
  type ParsedPatterns,
  parseLabelRules,
  parseMetricPatterns,
} from "../flux/intake/header-rules.ts";
import type { RuleSource } from "../flux/intake/rules.ts";

const patterns = z.union([z.string(), z.array(z.string())], "must be a list of patterns, or text as in the header");
const labelRule = z.union([z.tuple([z.string()]), z.tuple([z.string(), z.string()])]);
const labelRules = z.union(
  [z.string(), z.array(labelRule)],
  "must be a list of [label, value pattern] or [label], or text as in the header",
);
const rulesFile = z
  .strictObject({ dropMetrics: patterns, doNotDropMetrics: patterns, dropLabels: labelRules })
  .partial();

/**
 * Reads a file of rules to try: `dropMetrics`, `doNotDropMetrics` and `dropLabels`, as they may be said of a tenant in
 * the settings, in YAML or JSON. A text in place of a list is read as the header is.
 * @returns the rules, not yet compiled, or a sentence that says what is wrong with the file.
 */
export function parseRulesFile(
  name: string,
  text: string,
): { ok: true; source: RuleSource } | { ok: false; problem: string } {
  const refuse = (why: string) => ({ ok: false, problem: `cannot use the rules in ${name}: ${why}` }) as const;
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    return refuse(`it is not YAML: ${error instanceof Error ? error.message.split("\n")[0] : error}`);
  }
  const parsed = rulesFile.safeParse(document ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue?.path.join(".");
    return refuse(`${place ? `${place}: ` : ""}${issue?.message}`);
  }
  const drop = readPatterns(parsed.data.dropMetrics, "dropMetrics");
  const keep = readPatterns(parsed.data.doNotDropMetrics, "doNotDropMetrics");
  const labels = readLabelRules(parsed.data.dropLabels);
  if (!drop.ok) {
    return refuse(drop.detail);
  }
  if (!keep.ok) {
    return refuse(keep.detail);
  }
  if (!labels.ok) {
    return refuse(labels.detail);
  }
  const lists = { dropMetrics: drop.patterns, doNotDropMetrics: keep.patterns, dropLabels: labels.rules };
  return { ok: true, source: { origin: "file", ...lists } };
}

function readPatterns(list: string | string[] | undefined, name: string): ParsedPatterns {
  return typeof list === "string" ? parseMetricPatterns(list, name) : { ok: true, patterns: list ?? [] };
}

function readLabelRules(list: string | LabelRule[] | undefined): ParsedLabelRules {
  return typeof list === "string" ? parseLabelRules(list) : { ok: true, rules: list ?? [] };
}
