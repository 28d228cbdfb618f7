/*
 * JSON as Python writes it: json.dumps puts the bare words NaN, Infinity and -Infinity where a number has no JSON form.
 */

const BARE_WORDS = ["NaN", "Infinity", "-Infinity"] as const;

export type JsonText = { ok: true; value: unknown } | { ok: false; detail: string };

/**
 * Parses JSON from bytes. Bare NaN, Infinity and -Infinity outside strings become the strings "NaN", "Infinity" and
 * "-Infinity". Takes time linear in the body.
 */
export function parseJsonText(body: Buffer): JsonText {
  const text = decodeUtf8(body);
  if (text === undefined) {
    return { ok: false, detail: "the body is not UTF-8" };
  }
  const strict = parseStrict(text);
  if (strict.ok || !/NaN|Infinity/.test(text)) {
    return strict;
  }
  const relaxed = parseStrict(quoteBareWords(text));
  // The quotes that were put in have moved the position.
  return relaxed.ok ? relaxed : { ok: false, detail: relaxed.detail.replace(/ (in JSON )?at position .*/, "") };
}

const COMMA = 0x2c;
const OPENING_BRACKET = 0x5b;
const OPENING_BRACE = 0x7b;
/** What an object, a list or a member of one takes, with what is noted about an element that is invalid. */
const BYTES_PER_PART = 96;

/** Bytes of memory that a JSON body takes while and after it is parsed: rather too many than too few. */
export function parsedJsonBytes(body: Uint8Array): number {
  let parts = 1;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i];
    if (byte === COMMA || byte === OPENING_BRACE || byte === OPENING_BRACKET) {
      parts++;
    }
  }
  // As text, it may need two bytes a character.
  return 2 * body.length + BYTES_PER_PART * parts;
}

function decodeUtf8(body: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch (error) {
    if (error instanceof TypeError) {
      return undefined;
    }
    throw error;
  }
}

function parseStrict(text: string): JsonText {
  try {
    const value: unknown = JSON.parse(text);
    return { ok: true, value };
  } catch (error) {
    if (error instanceof SyntaxError) {
      return { ok: false, detail: `the body is not JSON: ${error.message}` };
    }
    throw error;
  }
}

/** Puts quotes around the bare words. Not a regular expression: strings of megabytes would overflow its stack. */
function quoteBareWords(text: string): string {
  const parts: string[] = [];
  let copied = 0;
  let position = 0;
  while (position < text.length) {
    if (text[position] === '"') {
      position = stringEnd(text, position);
      continue;
    }
    const word = BARE_WORDS.find((bare) => text.startsWith(bare, position));
    if (!word) {
      position++;
      continue;
    }
    parts.push(text.slice(copied, position), `"${word}"`);
    position += word.length;
    copied = position;
  }
  return parts.join("") + text.slice(copied);
}

/** The position after the string that opens at `start`. */
function stringEnd(text: string, start: number): number {
  let position = start + 1;
  while (position < text.length && text[position] !== '"') {
    position += text[position] === "\\" ? 2 : 1;
  }
  return position + 1;
}
