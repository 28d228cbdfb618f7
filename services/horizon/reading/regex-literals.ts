/** A list of words, in which characters that mean something in a regular expression are escaped. */
const WORDS = /^(?:[^\\^$.?*+()[\]{}]|\\[\\^$.|?*+()[\]{}])*$/;
const WORD = /(?:\\.|[^|\\])*/gy;

/**
 * The only values that a regular expression matches as a whole, where it is nothing but words with | between them: what
 * people write to name several values, and what Grafana makes of a variable.
 * @returns undefined for any other expression.
 */
export function literalsOf(regex: string): ReadonlySet<string> | undefined {
  const [, inner] = /^\(([^()\\]*)\)$/.exec(regex) ?? [];
  const list = inner ?? regex;
  if (!WORDS.test(list)) {
    return undefined;
  }
  const words = new Set<string>();
  for (let position = 0; position <= list.length; ) {
    WORD.lastIndex = position;
    const word = WORD.exec(list)?.[0] ?? "";
    words.add(word.replace(/\\(.)/g, "$1"));
    position += word.length + 1;
  }
  return words;
}
