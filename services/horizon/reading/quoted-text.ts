/*
 * Text in quotes as PromQL has it, which is as Go has it: in " or ' with the escapes
 * \a \b \f \n \r \t \v \\ \' \" \ooo \xhh \uhhhh \Uhhhhhhhh, or in ` as it stands.
 */

/** Text that was read and where the rest begins, or a place, from 0, where something else was expected. */
export type ReadText =
  | { readonly value: string; readonly next: number }
  | { readonly fault: { readonly position: number; readonly expected: string } };

const QUOTES = "\"'`";
const ESCAPE =
  /\\(?:(?<letter>[abfnrtv\\'"])|(?<octal>[0-3][0-7]{2})|x(?<byte>[0-9a-fA-F]{2})|u(?<short>[0-9a-fA-F]{4})|U(?<long>[0-9a-fA-F]{8}))/y;
const LETTERS: Readonly<Record<string, string>> = {
  ...{ a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" },
  ...{ "\\": "\\", "'": "'", '"': '"' },
};
const MAX_CODE_POINT = 0x10ffff;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads a text in quotes. Takes time linear in it.
 * @param expected what to call it when something else stands there.
 */
export function readQuoted(text: string, start: number, expected: string): ReadText {
  const quote = text[start];
  if (quote === undefined || !QUOTES.includes(quote)) {
    return { fault: { position: start, expected } };
  }
  const bytes: Buffer[] = [];
  let plainFrom = start + 1;
  let position = plainFrom;
  while (text[position] !== quote) {
    if (position >= text.length || (text[position] === "\n" && quote !== "`")) {
      return { fault: { position, expected: `${quote}, which ends the text of character ${start + 1}` } };
    }
    if (text[position] !== "\\" || quote === "`") {
      position++;
      continue;
    }
    const escaped = readEscape(text, position);
    if (!escaped) {
      return { fault: { position, expected: "an escape of Go" } };
    }
    bytes.push(Buffer.from(text.slice(plainFrom, position)), escaped.bytes);
    position = escaped.next;
    plainFrom = position;
  }
  bytes.push(Buffer.from(text.slice(plainFrom, position)));
  try {
    return { value: UTF8.decode(Buffer.concat(bytes)), next: position + 1 };
  } catch {
    // Escapes write bytes, which need not be UTF-8; no label has others.
    return { fault: { position: start, expected: "a text whose bytes are UTF-8" } };
  }
}

function readEscape(text: string, position: number): { bytes: Buffer; next: number } | undefined {
  ESCAPE.lastIndex = position;
  const groups = ESCAPE.exec(text)?.groups;
  const next = ESCAPE.lastIndex;
  if (!groups) {
    return undefined;
  }
  const { letter, octal, byte, short, long } = groups;
  if (letter !== undefined) {
    return { bytes: Buffer.from(LETTERS[letter] ?? ""), next };
  }
  if (octal !== undefined || byte !== undefined) {
    return {
      bytes: Buffer.of(octal === undefined ? Number.parseInt(byte ?? "", 16) : Number.parseInt(octal, 8)),
      next,
    };
  }
  const codePoint = Number.parseInt(short ?? long ?? "", 16);
  const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
  return codePoint > MAX_CODE_POINT || isSurrogate
    ? undefined
    : { bytes: Buffer.from(String.fromCodePoint(codePoint)), next };
}
