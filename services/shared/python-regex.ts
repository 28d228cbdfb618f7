/**
 * Rewrites the few things that Python's `re` spells otherwise than RE2: `\Z` (end of the text), `\uNNNN`,
 * `\UNNNNNNNN` and `{,n}`. Everything else means the same to both or is not a pattern to RE2, such as look-around.
 * Left as they are: `\d`, `\w` and `\b` know ASCII only, and `$` does not match before a final newline.
 */
export function toRe2Syntax(pattern: string): string {
  return pattern.replace(ESCAPE, translateEscape).replace(OPEN_REPEAT, translateRepeat);
}

const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|.)/gs;

function translateEscape(text: string, shortCode?: string, longCode?: string): string {
  const code = shortCode ?? longCode;
  if (code !== undefined) {
    return `\\x{${code}}`;
  }
  return text === "\\Z" ? "\\z" : text;
}

// The first two alternatives, an escape and a character class, are there to be skipped.
const OPEN_REPEAT = /\\.|\[\^?\]?(?:\\.|[^\]\\])*\]?|\{,(\d+)\}/gs;

function translateRepeat(text: string, most?: string): string {
  return most === undefined ? text : `{0,${most}}`;
}
