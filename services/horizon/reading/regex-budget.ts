import { RE2JS, RE2JSException } from "re2js";

/*
 * Regular expressions of one request. RE2 matches in time linear in the text, but also in the size of the compiled
 * expression, which counted repetitions make much larger than its text, and which takes time to compile as well. So all
 * of a request share a bound on their text, on what it may become, and on what it has become.
 */

const MAX_CHARACTERS = 1024;
/** What is about to be compiled, as estimated from the text: 20 000 take a tenth of a second. */
const MAX_ESTIMATE = 20_000;
const MAX_INSTRUCTIONS = 1000;
/** RE2 itself refuses repetitions that are counted higher, those inside each other taken together. */
const MAX_REPEAT = 1000;

export type CompiledRegex =
  | { ok: true; matches: (value: string) => boolean }
  | { ok: false /** What is wrong, to follow the expression. */; reason: string };

/** Compiles the regular expressions of one request. */
export class RegexBudget {
  #characters = MAX_CHARACTERS;
  #instructions = MAX_INSTRUCTIONS;

  /**
   * Compiles an expression as Prometheus does: it matches the whole value, and a dot matches line ends.
   */
  compile(text: string): CompiledRegex {
    this.#characters -= text.length;
    if (this.#characters < 0) {
      return { ok: false, reason: `too long: regular expressions may have ${MAX_CHARACTERS} characters altogether` };
    }
    if (estimatedSize(text) > MAX_ESTIMATE) {
      return { ok: false, reason: "repeats too much: write smaller numbers in its {…}" };
    }
    try {
      const regex = RE2JS.compile(text, RE2JS.DOTALL);
      this.#instructions -= regex.programSize();
      return this.#instructions < 0
        ? { ok: false, reason: "too large: write smaller numbers in its {…}, or fewer regular expressions" }
        : { ok: true, matches: (value) => regex.testExact(value) };
    } catch (error) {
      if (error instanceof RE2JSException) {
        return { ok: false, reason: `not a regular expression: ${error.message}` };
      }
      throw error;
    }
  }
}

/** No less than the number of instructions: repeated characters add up, repeated groups multiply. */
function estimatedSize(text: string): number {
  let added = 0;
  let multiplied = 1;
  for (const [, group, low = "", high = ""] of text.matchAll(/(\)?)\{(\d+)(?:,(\d*))?\}/g)) {
    const count = Math.max(Number(low), Number(high), 1);
    if (group === "") {
      added += count;
    } else {
      multiplied = Math.min(MAX_REPEAT, multiplied * count);
    }
  }
  return (text.length + added) * multiplied;
}
