/*
 * RedisTimeSeries refuses `(`, `)` and `,` in labels, and its filters cannot name a value with `=`. These and `%`,
 * which makes the form reversible, are percent-encoded; everything else, UTF-8 too, stands for itself.
 *
 * The module (1.12) also looks for the words of TS.CREATE's options anywhere among the arguments, labels included:
 * `cause="encoding"`, which every Go program exports, is refused, and `a="uncompressed"` makes an uncompressed series.
 * Of a name or value that is such a word the first letter is encoded.
 */
const OPTION_WORDS: ReadonlySet<string> = new Set([
  "chunk_size",
  "compressed",
  "duplicate_policy",
  "encoding",
  "ignore",
  "labels",
  "on_duplicate",
  "retention",
  "uncompressed",
]);

/** A label name or value as RedisTimeSeries can hold and find it. */
export function encodeLabelText(text: string): string {
  return OPTION_WORDS.has(text.toLowerCase())
    ? percentEncode(text.charAt(0)) + text.slice(1)
    : text.replace(/[(),=%]/g, percentEncode);
}

/** What `encodeLabelText` was given. */
export function decodeLabelText(text: string): string {
  return text.replace(/%([0-9A-F]{2})/g, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function percentEncode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
