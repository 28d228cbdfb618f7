import { compilePatterns, type PatternLimits, type PatternMatcher, textSubject } from "../../shared/pattern-matcher.ts";
import type { RegexBudget } from "../../shared/regex-budget.ts";
import { type Label, METRIC_NAME_LABEL, SERVER_LABEL, TENANT_LABEL } from "../../shared/series.ts";
import type { LabelRule } from "./header-rules.ts";

/** Rules of one dropLabels list, compiled. */
export interface LabelDropper {
  /** How many rules there are. */
  readonly size: number;
  /** Names of the labels that they are about. */
  readonly labels: readonly string[];
  /** The first rule of the list that takes this label away, or undefined where none does. */
  ruleFor(label: Label): LabelRule | undefined;
}

export type CompiledLabelDropper = { ok: true; dropper: LabelDropper } | { ok: false; detail: string };

/** Value patterns that mean: whatever the value. */
const ANY_VALUE: ReadonlySet<string | undefined> = new Set([undefined, "*", ".*"]);
/** Labels without which a series is not itself, or not its tenant's. */
const PROTECTED_LABELS: ReadonlySet<string> = new Set([METRIC_NAME_LABEL, TENANT_LABEL, SERVER_LABEL]);

/** A rule and where it stands in its list, from 1. */
interface ListedRule {
  readonly rule: LabelRule;
  readonly position: number;
}

/** The rules of one label, compiled into one matcher: a value is run through once, however many rules there are. */
interface ValueRules {
  readonly matcher: PatternMatcher;
  /** The first rule with each of the matcher's patterns. */
  readonly byPattern: ReadonlyMap<string, ListedRule>;
  /** The first rule that takes every value. */
  readonly anyValue: ListedRule | undefined;
}

/**
 * Compiles a dropLabels list. A rule applies to the label whose name equals its first part, where the value hits the
 * pattern (`pattern-matcher.ts`, the raw value being the subject), or to every value for `*`, `.*` and no pattern.
 * @param budget what their regular expressions may cost, where they are not the operator's.
 * @returns the dropper, or in `detail` which rule is wrong and why, to follow "cannot use <setting>: ".
 */
export function compileLabelDropper(
  rules: readonly LabelRule[],
  limits: PatternLimits,
  budget?: RegexBudget,
): CompiledLabelDropper {
  if (rules.length > limits.maxPatterns) {
    return { ok: false, detail: `it has ${rules.length} rules, the limit is ${limits.maxPatterns}` };
  }
  const listedOf = new Map<string, ListedRule[]>();
  for (const [index, rule] of rules.entries()) {
    const fault = faultOf(rule);
    if (fault !== undefined) {
      return { ok: false, detail: `rule ${index + 1}: ${fault}` };
    }
    const [label] = rule;
    const listed = listedOf.get(label) ?? [];
    listed.push({ rule, position: index + 1 });
    listedOf.set(label, listed);
  }
  const byLabel = new Map<string, ValueRules>();
  for (const [label, listed] of listedOf) {
    const compiled = compileValueRules(listed, limits, budget);
    if (!compiled.ok) {
      return compiled;
    }
    byLabel.set(label, compiled.valueRules);
  }
  const ruleFor = ({ name, value }: Label) => firstHit(byLabel.get(name), value);
  return { ok: true, dropper: { size: rules.length, labels: [...byLabel.keys()], ruleFor } };
}

/** What is wrong with a rule, whatever its pattern says. */
function faultOf([label, pattern]: LabelRule): string | undefined {
  if (label.trim() === "") {
    return "it names no label";
  }
  if (PROTECTED_LABELS.has(label)) {
    return `the label ${label} cannot be dropped; take the rule out`;
  }
  return pattern?.trim() === "" ? `its pattern is empty; leave it out to drop ${label} whatever the value` : undefined;
}

function compileValueRules(
  listed: readonly ListedRule[],
  limits: PatternLimits,
  budget: RegexBudget | undefined,
): { ok: true; valueRules: ValueRules } | { ok: false; detail: string } {
  const byPattern = new Map<string, ListedRule>();
  let anyValue: ListedRule | undefined;
  for (const entry of listed) {
    const [, pattern] = entry.rule;
    if (pattern === undefined || ANY_VALUE.has(pattern)) {
      anyValue ??= entry;
    } else if (!byPattern.has(pattern)) {
      byPattern.set(pattern, entry);
    }
  }
  const compiled = compilePatterns([...byPattern.keys()], limits, budget);
  return compiled.ok
    ? { ok: true, valueRules: { matcher: compiled.matcher, byPattern, anyValue } }
    : { ok: false, detail: nameFault([...byPattern], limits) ?? compiled.detail };
}

/** Which rule cannot be used by itself; undefined where they can but all together cannot. */
function nameFault(
  patterns: readonly (readonly [pattern: string, entry: ListedRule])[],
  limits: PatternLimits,
): string | undefined {
  for (const [pattern, { position }] of patterns) {
    const compiled = compilePatterns([pattern], limits);
    if (!compiled.ok) {
      return `rule ${position}: ${compiled.detail}`;
    }
  }
  return undefined;
}

function firstHit(rules: ValueRules | undefined, value: string): LabelRule | undefined {
  if (rules === undefined) {
    return undefined;
  }
  const { matcher, byPattern, anyValue } = rules;
  const hit = matcher.size === 0 ? undefined : matcher.match(textSubject(value));
  const byHit = hit && byPattern.get(hit.pattern);
  const first = byHit && (!anyValue || byHit.position < anyValue.position) ? byHit : anyValue;
  return first?.rule;
}
