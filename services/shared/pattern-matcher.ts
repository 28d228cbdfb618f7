import { compileAnchoredRegexes } from "./anchored-regexes.ts";
import type { Subject } from "./match-subject.ts";
import type { RegexBudget } from "./regex-budget.ts";

export { type Subject, seriesSubject, textSubject, withNamespace } from "./match-subject.ts";

/** Bounds on a list of patterns. */
export interface PatternLimits {
  readonly maxPatterns: number;
  readonly maxPatternBytes: number;
}

/** The pattern that hit, and as what. */
export interface PatternHit {
  readonly pattern: string;
  readonly how: "equal" | "substring" | "elements" | "regex";
}

/** A list of patterns, ready to be tried. */
export interface PatternMatcher {
  /** How many patterns there are. */
  readonly size: number;
  /**
   * The first pattern in the order of the list that hits. Each is tried for equality, as a substring, as dotted
   * elements (all of its parts are elements of the subject, in any order, none of them twice), and as a regular
   * expression anchored at the start. Takes time linear in the length of the subject and the number of patterns.
   */
  match(subject: Subject): PatternHit | undefined;
}

export type CompiledPatterns = { ok: true; matcher: PatternMatcher } | { ok: false; detail: string };

interface Pattern {
  readonly text: string;
  /** Where it stands in the list as it was given, from 1. */
  readonly position: number;
  /** The parts of an element match, or undefined where one part occurs twice: then there can be none. */
  readonly parts: readonly string[] | undefined;
}

/**
 * Compiles a list of patterns as rules and skip lists hold them. Blank patterns are ignored.
 * @param budget what their regular expressions may cost, where they are not the operator's.
 * @returns a matcher, or in `detail` what is wrong with which pattern, to follow "cannot use <setting>: ".
 */
export function compilePatterns(
  texts: readonly string[],
  limits: PatternLimits,
  budget?: RegexBudget,
): CompiledPatterns {
  const patterns: Pattern[] = [];
  for (const [index, text] of texts.entries()) {
    if (text.trim() === "") {
      continue;
    }
    const position = index + 1;
    if (patterns.length === limits.maxPatterns) {
      return { ok: false, detail: `${named(text, position)} is one too many: the limit is ${limits.maxPatterns}` };
    }
    const bytes = Buffer.byteLength(text);
    if (bytes > limits.maxPatternBytes) {
      const limit = `the limit is ${limits.maxPatternBytes}`;
      return { ok: false, detail: `${named(text, position)} is too long: it has ${bytes} bytes, ${limit}` };
    }
    patterns.push({ text, position, parts: partsOf(text) });
  }
  const compiled = compileAnchoredRegexes(
    patterns.map(({ text }) => text),
    budget,
  );
  if (!compiled.ok) {
    const culprit = patterns[compiled.index];
    return { ok: false, detail: `${named(culprit?.text ?? "", culprit?.position ?? 0)} ${compiled.reason}` };
  }
  const { regexes } = compiled;
  return {
    ok: true,
    matcher: {
      size: patterns.length,
      match: (subject) => firstHit(patterns, regexes.firstMatch(subject.fullName), subject),
    },
  };
}

/** @param regexIndex index of the first pattern that matches as a regular expression: none behind it can be first. */
function firstHit(
  patterns: readonly Pattern[],
  regexIndex: number | undefined,
  subject: Subject,
): PatternHit | undefined {
  const end = regexIndex === undefined ? patterns.length : regexIndex + 1;
  for (let i = 0; i < end; i++) {
    const pattern = patterns[i];
    const how = pattern && literalHit(pattern, subject);
    if (how) {
      return { pattern: pattern.text, how };
    }
  }
  const byRegex = regexIndex === undefined ? undefined : patterns[regexIndex];
  return byRegex && { pattern: byRegex.text, how: "regex" };
}

function literalHit({ text, parts }: Pattern, subject: Subject): Exclude<PatternHit["how"], "regex"> | undefined {
  if (subject.fullName === text) {
    return "equal";
  }
  if (subject.fullName.includes(text)) {
    return "substring";
  }
  return parts?.every((part) => subject.hasToken(part)) ? "elements" : undefined;
}

function partsOf(text: string): readonly string[] | undefined {
  const parts = text.split(".");
  return new Set(parts).size === parts.length ? parts : undefined;
}

const MAX_SHOWN_CHARACTERS = 80;

function named(text: string, position: number): string {
  const shown = text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text;
  return `pattern ${position} (${JSON.stringify(shown)})`;
}
