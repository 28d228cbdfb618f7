import { RE2JS, RE2JSException, RE2JSSyntaxException, RE2Set } from "re2js";
import { toRe2Syntax } from "./python-regex.ts";

/*
 * Many regular expressions tried against a text at once, in time linear in the text: RE2's automaton for the whole
 * set runs over it once. A pattern cannot make it slow; what a pattern can do is be large, so size is limited here.
 */

/** Characters that mean something in a pattern. */
const SPECIAL = /[\\^$.|?*+()[\]{}]/;
const COUNTED_REPEAT = /\{\d/;
/** Without counted repetitions, a pattern compiles to fewer instructions than this times its length. */
const INSTRUCTIONS_PER_CHARACTER = 2;
/** How much larger than their text the patterns of a list may become through counted repetitions like `.{1000}`. */
const MAX_REPEAT_INSTRUCTIONS = 20_000;
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

/**
 * Compiles a list of patterns in Python's syntax. Patterns without special characters are left out: what they match
 * at the start of a text they also match as a substring, which is tried before.
 */
export function compileAnchoredRegexes(patterns: readonly string[]): CompiledRegexes {
  const compiled: { index: number; syntax: string }[] = [];
  let instructions = 0;
  let textInstructions = 0;
  for (const [index, pattern] of patterns.entries()) {
    if (!SPECIAL.test(pattern)) {
      continue;
    }
    const syntax = toRe2Syntax(pattern);
    const size = sizeOf(syntax);
    if (!size.ok) {
      return { ok: false, index, reason: `does not compile: ${size.reason}` };
    }
    instructions += size.instructions;
    textInstructions += syntax.length * INSTRUCTIONS_PER_CHARACTER;
    if (instructions > textInstructions + MAX_REPEAT_INSTRUCTIONS) {
      return { ok: false, index, reason: "repeats too much: write smaller numbers in its {…}" };
    }
    compiled.push({ index, syntax });
  }
  return { ok: true, regexes: createSet(compiled, instructions) };
}

function sizeOf(syntax: string): { ok: true; instructions: number } | { ok: false; reason: string } {
  try {
    // Parsing is enough to know that a pattern is valid, and costs half of compiling it.
    if (COUNTED_REPEAT.test(syntax)) {
      return { ok: true, instructions: RE2JS.compile(syntax).programSize() };
    }
    new RE2Set().add(syntax);
    return { ok: true, instructions: syntax.length * INSTRUCTIONS_PER_CHARACTER };
  } catch (error) {
    if (error instanceof RE2JSException) {
      return { ok: false, reason: explain(error, syntax) };
    }
    throw error;
  }
}

function createSet(compiled: readonly { index: number; syntax: string }[], instructions: number): AnchoredRegexes {
  if (compiled.length === 0) {
    return { firstMatch: () => undefined };
  }
  const cacheBytes = Math.min(MAX_CACHE_BYTES, MIN_CACHE_BYTES + instructions * CACHE_BYTES_PER_INSTRUCTION);
  const set = new RE2Set(RE2Set.ANCHOR_START, 0, cacheBytes);
  for (const { syntax } of compiled) {
    set.add(syntax);
  }
  set.compile();
  return {
    firstMatch(text) {
      const [first] = set.match(text);
      return first === undefined ? undefined : compiled[first]?.index;
    },
  };
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
