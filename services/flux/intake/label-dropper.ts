import { compilePatterns, type PatternLimits, type PatternMatcher, textSubject } from "../../shared/pattern-matcher.ts";
import { type Label, METRIC_NAME_LABEL, SERVER_LABEL, TENANT_LABEL } from "../../shared/series.ts";
import type { LabelRule } from "./header-rules.ts";

/** Rules of one dropLabels list, compiled. */
export interface LabelDropper {
  /** How many rules there are. */
  readonly size: number;
  /** Whether a rule takes this label away. */
  drops(label: Label): boolean;
}

export type CompiledLabelDropper = { ok: true; dropper: LabelDropper } | { ok: false; detail: string };

/** Value patterns that mean: whatever the value. */
const ANY_VALUE: ReadonlySet<string | undefined> = new Set([undefined, "*", ".*"]);
/** Labels without which a series is not itself, or not its tenant's. */
const PROTECTED_LABELS: ReadonlySet<string> = new Set([METRIC_NAME_LABEL, TENANT_LABEL, SERVER_LABEL]);

/** Compiled rules of one label: `true` where one of them takes every value. */
type ValueRules = true | PatternMatcher[];

/**
 * Compiles a dropLabels list. A rule applies to the label whose name equals its first part, where the value hits the
 * pattern (`pattern-matcher.ts`, the raw value being the subject), or to every value for `*`, `.*` and no pattern.
 * @returns the dropper, or in `detail` which rule is wrong and why, to follow "cannot use <setting>: ".
 */
export function compileLabelDropper(rules: readonly LabelRule[], limits: PatternLimits): CompiledLabelDropper {
  if (rules.length > limits.maxPatterns) {
    return { ok: false, detail: `it has ${rules.length} rules, the limit is ${limits.maxPatterns}` };
  }
  const byLabel = new Map<string, ValueRules>();
  for (const [index, rule] of rules.entries()) {
    const compiled = compileRule(rule, byLabel.get(rule[0]) ?? [], limits);
    if (!compiled.ok) {
      return { ok: false, detail: `rule ${index + 1}: ${compiled.detail}` };
    }
    byLabel.set(rule[0], compiled.valueRules);
  }
  return { ok: true, dropper: { size: rules.length, drops: (label) => hits(byLabel.get(label.name), label.value) } };
}

function compileRule(
  [label, pattern]: LabelRule,
  others: ValueRules,
  limits: PatternLimits,
): { ok: true; valueRules: ValueRules } | { ok: false; detail: string } {
  if (label.trim() === "") {
    return { ok: false, detail: "it names no label" };
  }
  if (PROTECTED_LABELS.has(label)) {
    return { ok: false, detail: `the label ${label} cannot be dropped; take the rule out` };
  }
  if (ANY_VALUE.has(pattern)) {
    return { ok: true, valueRules: true };
  }
  const compiled = compilePatterns([pattern ?? ""], limits);
  if (!compiled.ok) {
    return compiled;
  }
  if (compiled.matcher.size === 0) {
    return { ok: false, detail: `its pattern is empty; leave it out to drop ${label} whatever the value` };
  }
  return { ok: true, valueRules: others === true || [...others, compiled.matcher] };
}

function hits(valueRules: ValueRules | undefined, value: string): boolean {
  if (valueRules === undefined || valueRules === true) {
    return valueRules === true;
  }
  const subject = textSubject(value);
  return valueRules.some((matcher) => matcher.match(subject) !== undefined);
}
