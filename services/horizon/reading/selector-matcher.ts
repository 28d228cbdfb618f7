import type { RegexBudget } from "./regex-budget.ts";
import { literalsOf } from "./regex-literals.ts";
import type { LabelMatcher, Selector } from "./selector.ts";

/** Labels of a series by name. */
export type LabelMap = ReadonlyMap<string, string>;

/** A selector that is ready to be tried. */
export interface SelectorMatcher {
  readonly selector: Selector;
  matches(labels: LabelMap): boolean;
}

export type CompiledSelector = { ok: true; matcher: SelectorMatcher } | { ok: false; detail: string };

type Test = (value: string) => boolean;

/**
 * Compiles a selector. Each value is tried once against a regular expression.
 * @param budget shared by all selectors of a request.
 * @returns in `detail` which regular expression is wrong, and why.
 */
export function compileSelector(selector: Selector, budget: RegexBudget): CompiledSelector {
  const tests: { name: string; test: Test }[] = [];
  for (const matcher of selector) {
    const compiled = compileMatcher(matcher, budget);
    if (!compiled.ok) {
      return { ok: false, detail: `${shown(matcher)}: ${compiled.reason}` };
    }
    tests.push({ name: matcher.name, test: compiled.test });
  }
  return {
    ok: true,
    matcher: { selector, matches: (labels) => tests.every(({ name, test }) => test(labels.get(name) ?? "")) },
  };
}

type CompiledMatcher = { ok: true; test: Test } | { ok: false; reason: string };

function compileMatcher({ operator, value: wanted }: LabelMatcher, budget: RegexBudget): CompiledMatcher {
  switch (operator) {
    case "=":
      return { ok: true, test: (value) => value === wanted };
    case "!=":
      return { ok: true, test: (value) => value !== wanted };
    case "=~":
      return compileRegex(wanted, budget);
    case "!~": {
      const regex = compileRegex(wanted, budget);
      return regex.ok ? { ok: true, test: (value) => !regex.test(value) } : regex;
    }
  }
}

function compileRegex(text: string, budget: RegexBudget): CompiledMatcher {
  const literals = literalsOf(text);
  if (literals) {
    return { ok: true, test: (value) => literals.has(value) };
  }
  const regex = budget.compile(text);
  return regex.ok ? { ok: true, test: remembering(regex.matches) } : regex;
}

function remembering(test: Test): Test {
  const known = new Map<string, boolean>();
  return (value) => {
    const seen = known.get(value);
    if (seen !== undefined) {
      return seen;
    }
    const verdict = test(value);
    known.set(value, verdict);
    return verdict;
  };
}

const MAX_SHOWN_CHARACTERS = 80;

function shown({ name, operator, value }: LabelMatcher): string {
  const text = value.length > MAX_SHOWN_CHARACTERS ? `${value.slice(0, MAX_SHOWN_CHARACTERS)}…` : value;
  return `${name}${operator}${JSON.stringify(text)}`;
}
