import { type NestedList, parseListLiteral } from "./list-literal.ts";

/** `[label, value pattern]`, or `[label]` where the label goes whatever its value. */
export type LabelRule = readonly [label: string, pattern: string] | readonly [label: string];

export type ParsedPatterns = { ok: true; patterns: string[] } | { ok: false; detail: string };
export type ParsedLabelRules = { ok: true; rules: LabelRule[] } | { ok: false; detail: string };

const LABEL_RULES_SHAPE = "write a list like [['label','value pattern'],['label']], or label,label=pattern";

/**
 * Reads dropMetrics or doNotDropMetrics: a list (JSON or Python, nested lists are flattened), or patterns separated
 * by commas. A blank header holds no patterns.
 * @param headerName for the error.
 * @returns the patterns, not yet compiled, or in `detail` a whole sentence that names the header.
 */
export function parseMetricPatterns(header: string | undefined, headerName: string): ParsedPatterns {
  const text = (header ?? "").trim();
  if (beginsList(text)) {
    const list = parseListLiteral(text);
    return list.ok ? { ok: true, patterns: flatten(list.value) } : refuse(headerName, list.detail);
  }
  const patterns: string[] = [];
  for (const [index, item] of splitAtCommas(text).entries()) {
    const pattern = unquote(item);
    if (pattern === undefined) {
      return refuse(headerName, `item ${index + 1} begins with a quote that does not end; write a list like ['a','b']`);
    }
    patterns.push(pattern);
  }
  return { ok: true, patterns };
}

/**
 * Reads dropLabels: a list of pairs `[label, pattern]` or `[label]`, one such pair, or a comma list of `label` and
 * `label=pattern`. A blank header holds no rules.
 * @returns the rules, not yet compiled, or in `detail` a whole sentence that names the header.
 */
export function parseLabelRules(header: string | undefined): ParsedLabelRules {
  const text = (header ?? "").trim();
  if (!beginsList(text)) {
    return parseLabelCommaList(text);
  }
  const list = parseListLiteral(text);
  if (!list.ok) {
    return refuse("dropLabels", list.detail);
  }
  const pair = asLabelRule(list.value);
  if (pair) {
    return { ok: true, rules: [pair] };
  }
  const rules: LabelRule[] = [];
  for (const [index, item] of list.value.entries()) {
    const rule = typeof item === "string" ? undefined : asLabelRule(item);
    if (!rule) {
      return refuse("dropLabels", `entry ${index + 1} is not a pair of label and pattern; ${LABEL_RULES_SHAPE}`);
    }
    rules.push(rule);
  }
  return { ok: true, rules };
}

/** A label in a comma list: without what would show that something else than such a list was meant. */
const PLAIN_LABEL = /^[^\s'"()[\]{}!~=]+$/;

function parseLabelCommaList(text: string): ParsedLabelRules {
  const rules: LabelRule[] = [];
  for (const [index, item] of splitAtCommas(text).entries()) {
    const equals = item.indexOf("=");
    const label = (equals < 0 ? item : item.slice(0, equals)).trim();
    const pattern = equals < 0 ? undefined : unquote(item.slice(equals + 1).trim());
    if (!PLAIN_LABEL.test(label) || (equals >= 0 && pattern === undefined)) {
      return refuse("dropLabels", `item ${index + 1} is not label or label=pattern; ${LABEL_RULES_SHAPE}`);
    }
    rules.push(pattern === undefined ? [label] : [label, pattern]);
  }
  return { ok: true, rules };
}

function asLabelRule(list: NestedList): LabelRule | undefined {
  const [label, pattern] = list;
  if (typeof label !== "string" || list.length > 2) {
    return undefined;
  }
  if (list.length === 1) {
    return [label];
  }
  return typeof pattern === "string" ? [label, pattern] : undefined;
}

/**
 * Whether a list was meant. A "(" begins one only when a string or its end follows, for a comma list may begin with
 * a regular expression such as `(go|process)_.*`. A "[" always does: taken for a pattern, `[foo]` would drop every
 * metric that begins with f or o.
 */
function beginsList(text: string): boolean {
  return text.startsWith("[") || (text.startsWith("(") && /^[([\s]+([rRuU]?['"]|[)\]]|$)/.test(text));
}

function flatten(list: NestedList): string[] {
  return list.flatMap((item) => (typeof item === "string" ? [item] : flatten(item)));
}

/** A comma, but for the one inside a counted repetition like `a{1,3}`. */
const SEPARATOR = /(?<!\{\d{0,4}),|,(?!\d{0,4}\})/;

/** Items of a comma list, trimmed, without the empty ones. */
function splitAtCommas(text: string): string[] {
  return text
    .split(SEPARATOR)
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** The item without the quotes around it, or undefined where an opening quote has no end. */
function unquote(item: string): string | undefined {
  const quote = item[0];
  if (quote !== "'" && quote !== '"') {
    return item;
  }
  return item.length > 1 && item.endsWith(quote) ? item.slice(1, -1) : undefined;
}

function refuse(headerName: string, why: string): { ok: false; detail: string } {
  return { ok: false, detail: `cannot read the header ${headerName}: ${why}` };
}
