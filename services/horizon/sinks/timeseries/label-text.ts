/*
 * RedisTimeSeries refuses `(`, `)` and `,` in labels, and its filters cannot name a value with `=`. These and `%`,
 * which makes the form reversible, are percent-encoded; everything else, UTF-8 too, stands for itself.
 *
 * The module (1.12) also looks for the words of TS.CREATE's options anywhere among the arguments, labels included:
 * `cause="encoding"`, which every Go program exports, is refused, and `a="uncompressed"` makes an uncompressed series.
 * Of a name or value that is such a word the first letter is encoded.
 */
const OPTION_WORDS = [
  "chunk_size",
  "compressed",
  "duplicate_policy",
  "encoding",
  "ignore",
  "labels",
  "on_duplicate",
  "retention",
  "uncompressed",
];
/** In upper or lower case; of ASCII letters alone, as for the module. */
const OPTION_WORD = new RegExp(`^(?:${OPTION_WORDS.join("|")})$`, "i");
const OPTION_LENGTHS: ReadonlySet<number> = new Set(OPTION_WORDS.map(({ length }) => length));
const ENCODED_CHARACTERS = "(),=%";
/** Of each byte whether it is one of them. */
const ENCODED = Uint8Array.from({ length: 256 }, (_, byte) =>
  ENCODED_CHARACTERS.includes(String.fromCharCode(byte)) ? 1 : 0,
);

/** A label name or value as RedisTimeSeries can hold and find it. */
export function encodeLabelText(text: string): string {
  return OPTION_WORD.test(text)
    ? percentEncode(text.charAt(0)) + text.slice(1)
    : text.replace(/[(),=%]/g, percentEncode);
}

/** Whether some bytes have to be another text for RedisTimeSeries, for which `encodeLabelText` is to be asked. */
export function mustBeEncoded(bytes: Buffer, first: number, end: number): boolean {
  for (let i = first; i < end; i++) {
    if (ENCODED[bytes[i] ?? 0] !== 0) {
      return true;
    }
  }
  return OPTION_LENGTHS.has(end - first) && OPTION_WORD.test(bytes.toString("latin1", first, end));
}

/** What `encodeLabelText` was given. */
export function decodeLabelText(text: string): string {
  return text.replace(/%([0-9A-F]{2})/g, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function percentEncode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
