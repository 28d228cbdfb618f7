import { RE2JS, RE2JSException, RE2JSSyntaxException, RE2Set } from "re2js";
import { toRe2Syntax } from "./python-regex.ts";
import type { RegexBudget } from "./regex-budget.ts";

/*
 * Many regular expressions tried against a text at once, in time linear in the text: RE2's automaton for the whole
 * set runs over it once. A pattern cannot make it slow; what a pattern can do is be large, so size is limited here.
 */

/** Characters that mean something in a pattern. */
const SPECIAL = /[\\^$.|?*+()[\]{}]/;
const COUNTED_REPEAT = /\{\d/;
/** Without counted repetitions, a pattern compiles to fewer instructions than this times its length. */
const INSTRUCTIONS_PER_CHARACTER = 2;
/** Instructions that the patterns of a list may need beyond their text, for repetitions like `.{1000}` and for `\pL`. */
const MAX_EXTRA_INSTRUCTIONS = 20_000;
const UNICODE_CLASS = /\\[pP]/g;
/** Classes like `\pL` are hundreds of ranges of characters. */
const INSTRUCTIONS_PER_UNICODE_CLASS = 50;
/** Of patterns with a budget, so many are tried at a time; then the time is looked at. */
const MAX_BUDGETED_SET_INSTRUCTIONS = 2000;
/** Memory for the automaton's cache of states: some for every set, more for a large one. It is correct with any. */
const MIN_CACHE_BYTES = 32 * 1024;
const MAX_CACHE_BYTES = 2 * 1024 * 1024;
const CACHE_BYTES_PER_INSTRUCTION = 256;

/** Regular expressions, each anchored at the start of the text and not at its end. */
export interface AnchoredRegexes {
  /** Which of the patterns (its index in the list) is the first to match, or undefined where none does. */
  firstMatch(text: string): number | undefined;
}

export type CompiledRegexes =
  | { ok: true; regexes: AnchoredRegexes }
  | { ok: false; index: number /** What is wrong, to follow the pattern's name. */; reason: string };

/** A pattern that is to be tried as a regular expression. */
interface SizedPattern {
  /** Where it stands in the list. */
  readonly index: number;
  readonly syntax: string;
  readonly instructions: number;
  /** Those of the instructions that its text does not account for. */
  readonly extra: number;
}

/**
 * Compiles a list of patterns in Python's syntax. Patterns without special characters are left out: what they match
 * at the start of a text they also match as a substring, which is tried before.
 * @param budget what they may cost, where they are not the operator's. Once it is exceeded nothing matches any more.
 */
export function compileAnchoredRegexes(patterns: readonly string[], budget?: RegexBudget): CompiledRegexes {
  const compiled: SizedPattern[] = [];
  let extra = 0;
  for (const [index, pattern] of patterns.entries()) {
    if (!SPECIAL.test(pattern)) {
      continue;
    }
    const syntax = toRe2Syntax(pattern);
    const size = sizeOf(syntax);
    if (!size.ok) {
      return { ok: false, index, reason: `does not compile: ${size.reason}` };
    }
    extra += size.extra;
    if (extra > MAX_EXTRA_INSTRUCTIONS || budget?.takeExtra(size.extra) === false) {
      return { ok: false, index, reason: "repeats too much: write smaller numbers in its {…}, and fewer \\p" };
    }
    compiled.push({ index, syntax, ...size });
  }
  return { ok: true, regexes: budget ? createBudgetedSets(compiled, budget) : createSet(compiled) };
}

type Size = { ok: true; instructions: number; extra: number } | { ok: false; reason: string };

function sizeOf(syntax: string): Size {
  const ofText = syntax.length * INSTRUCTIONS_PER_CHARACTER;
  const ofClasses = (syntax.match(UNICODE_CLASS)?.length ?? 0) * INSTRUCTIONS_PER_UNICODE_CLASS;
  try {
    // Parsing is enough to know that a pattern is valid, and costs half of compiling it.
    if (COUNTED_REPEAT.test(syntax)) {
      const instructions = RE2JS.compile(syntax).programSize();
      return { ok: true, instructions, extra: Math.max(0, instructions - ofText) + ofClasses };
    }
    new RE2Set().add(syntax);
    return { ok: true, instructions: ofText, extra: ofClasses };
  } catch (error) {
    if (error instanceof RE2JSException) {
      return { ok: false, reason: explain(error, syntax) };
    }
    throw error;
  }
}

function createSet(patterns: readonly SizedPattern[]): AnchoredRegexes {
  if (patterns.length === 0) {
    return { firstMatch: () => undefined };
  }
  const instructions = patterns.reduce((sum, pattern) => sum + pattern.instructions, 0);
  const cacheBytes = Math.min(MAX_CACHE_BYTES, MIN_CACHE_BYTES + instructions * CACHE_BYTES_PER_INSTRUCTION);
  const set = new RE2Set(RE2Set.ANCHOR_START, 0, cacheBytes);
  for (const { syntax } of patterns) {
    set.add(syntax);
  }
  set.compile();
  return {
    firstMatch(text) {
      const [first] = set.match(text);
      return first === undefined ? undefined : patterns[first]?.index;
    },
  };
}

/** Small sets one after the other, so that no single match can take long, and none is begun beyond the budget. */
function createBudgetedSets(patterns: readonly SizedPattern[], budget: RegexBudget): AnchoredRegexes {
  const sets = splitBySize(patterns).map(createSet);
  return {
    firstMatch(text) {
      for (const set of sets) {
        if (budget.isExceeded) {
          return undefined;
        }
        const match = budget.time(text.length, () => set.firstMatch(text));
        if (match !== undefined) {
          return match;
        }
      }
      return undefined;
    },
  };
}

function splitBySize(patterns: readonly SizedPattern[]): SizedPattern[][] {
  const groups: SizedPattern[][] = [];
  let instructions = Number.POSITIVE_INFINITY;
  for (const pattern of patterns) {
    instructions += pattern.instructions;
    if (instructions > MAX_BUDGETED_SET_INSTRUCTIONS) {
      groups.push([]);
      instructions = pattern.instructions;
    }
    groups.at(-1)?.push(pattern);
  }
  return groups;
}

const LOOK_AROUND = /\(\?<?[=!]/;
const BACK_REFERENCE = /\(\?P=|\\[1-9]/;

function explain(error: RE2JSException, syntax: string): string {
  if (LOOK_AROUND.test(syntax)) {
    return "look-around is not supported";
  }
  if (BACK_REFERENCE.test(syntax)) {
    return "back-references are not supported";
  }
  if (error instanceof RE2JSSyntaxException) {
    const where = error.getPattern();
    return where && where !== syntax ? `${error.getDescription()}: ${where}` : error.getDescription();
  }
  return error.message;
}
