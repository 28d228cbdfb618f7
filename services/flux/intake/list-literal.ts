import { foundAt, skipSpace } from "../../shared/scan-text.ts";

/*
 * Reads lists of strings as people write them in headers: JSON (["a","b"]) or Python (['a', ('b', "c"),]).
 *
 *   document := list { "," list } [","]          several lists, as Python reads them, are a list of lists
 *   list     := "[" [items] "]" | "(" [items] ")"
 *   items    := item { "," item } [","]
 *   item     := list | string
 *   string   := ["r" | "u"] then text in ' or "
 *
 * Escapes are \\ \' \" \/ \n \t \xNN \uNNNN. Any other backslash stays, so that '^go_\d+\.' needs no doubling.
 */

/** Strings and lists of them. */
export type NestedList = readonly (string | NestedList)[];

export type ParsedList = { ok: true; value: NestedList } | { ok: false; detail: string };

const MAX_CHARACTERS = 64 * 1024;
const MAX_DEPTH = 16;

/** A place in the text where something else was expected. Positions count from 1. */
interface Fault {
  readonly position: number;
  readonly expected: string;
}
type Read<T> = { value: T; next: number } | { fault: Fault };

/**
 * Parses a list. Takes time linear in the text.
 * @returns the list, or in `detail` at which character what was expected.
 */
export function parseListLiteral(text: string): ParsedList {
  if (text.length > MAX_CHARACTERS) {
    return { ok: false, detail: `the list is longer than ${MAX_CHARACTERS} characters` };
  }
  const read = readDocument(text);
  if ("fault" in read) {
    const { position, expected } = read.fault;
    return { ok: false, detail: `expected ${expected} at character ${position}, found ${foundAt(text, position - 1)}` };
  }
  return { ok: true, value: read.value };
}

function readDocument(text: string): Read<NestedList> {
  const lists: NestedList[] = [];
  let position = skipSpace(text, 0);
  do {
    if (!isOpening(text[position])) {
      return fault(position, "a list that begins with [ or (");
    }
    const list = readList(text, position, 1);
    if ("fault" in list) {
      return list;
    }
    lists.push(list.value);
    position = skipSpace(text, list.next);
    if (text[position] === ",") {
      position = skipSpace(text, position + 1);
    } else if (position < text.length) {
      return fault(position, "the end of the list");
    }
  } while (position < text.length);
  const [only] = lists;
  return { value: lists.length === 1 && only ? only : lists, next: position };
}

/** @param start position of the opening bracket. */
function readList(text: string, start: number, depth: number): Read<NestedList> {
  const closing = text[start] === "[" ? "]" : ")";
  const items: (string | NestedList)[] = [];
  let position = skipSpace(text, start + 1);
  while (text[position] !== closing) {
    const item = readItem(text, position, depth);
    if ("fault" in item) {
      return item;
    }
    items.push(item.value);
    position = skipSpace(text, item.next);
    if (text[position] === ",") {
      position = skipSpace(text, position + 1);
    } else if (text[position] !== closing) {
      return fault(position, `, or ${closing}`);
    }
  }
  return { value: items, next: position + 1 };
}

function readItem(text: string, position: number, depth: number): Read<string | NestedList> {
  if (isOpening(text[position])) {
    return depth < MAX_DEPTH
      ? readList(text, position, depth + 1)
      : fault(position, `no more than ${MAX_DEPTH} lists inside each other`);
  }
  const prefix = /[rRuU]/.test(text[position] ?? "") ? 1 : 0;
  const quoteAt = position + prefix;
  if (text[quoteAt] !== "'" && text[quoteAt] !== '"') {
    return fault(position, "a string in quotes");
  }
  const isRaw = prefix === 1 && text[position]?.toLowerCase() === "r";
  return readString(text, quoteAt, isRaw);
}

/** @param start position of the opening quote. */
function readString(text: string, start: number, isRaw: boolean): Read<string> {
  const quote = text[start];
  const parts: string[] = [];
  let position = start + 1;
  while (position < text.length && text[position] !== quote) {
    if (text[position] !== "\\") {
      parts.push(text.charAt(position));
      position++;
      continue;
    }
    const escaped = isRaw
      ? { value: text.slice(position, position + 2), next: position + 2 }
      : readEscape(text, position);
    if ("fault" in escaped) {
      return escaped;
    }
    parts.push(escaped.value);
    position = escaped.next;
  }
  return position < text.length
    ? { value: parts.join(""), next: position + 1 }
    : fault(text.length, `the quote ${quote} that ends the string of character ${start + 1}`);
}

const SIMPLE_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\\", "\\"],
  ["'", "'"],
  ['"', '"'],
  ["/", "/"],
  ["n", "\n"],
  ["t", "\t"],
]);
const HEX_DIGITS_OF: ReadonlyMap<string, number> = new Map([
  ["x", 2],
  ["u", 4],
]);

/** @param start position of the backslash. */
function readEscape(text: string, start: number): Read<string> {
  const letter = text.charAt(start + 1);
  const digits = HEX_DIGITS_OF.get(letter);
  if (digits === undefined) {
    return { value: SIMPLE_ESCAPES.get(letter) ?? `\\${letter}`, next: start + 2 };
  }
  const end = start + 2 + digits;
  const code = text.slice(start + 2, end);
  return code.length === digits && /^[0-9a-fA-F]+$/.test(code)
    ? { value: String.fromCharCode(Number.parseInt(code, 16)), next: end }
    : fault(start + 2, `${digits} hexadecimal digits after \\${letter}`);
}

function isOpening(character: string | undefined): boolean {
  return character === "[" || character === "(";
}

function fault(index: number, expected: string): { fault: Fault } {
  return { fault: { position: index + 1, expected } };
}
