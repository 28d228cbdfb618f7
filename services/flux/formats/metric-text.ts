import { foundAt, skipSpace } from "../../shared/scan-text.ts";
import { type Label, METRIC_NAME_LABEL } from "../../shared/series.ts";

/*
 * Reads a series as people write it: up, up{}, up{job="node",path="a,b=\"c\"}"}.
 *
 *   series := [name] [ "{" [ label { "," label } [","] ] "}" ]
 *   label  := name "=" string
 *   string := text in "
 *
 * Space may stand between any two of these. Escapes are \\ \" \n; any other backslash stays, so that C:\dir needs no
 * doubling. A series without a name in front may have it as the label __name__.
 */

export type MetricText = { ok: true; labels: Label[] } | { ok: false; detail: string };

/** A place in the text where something else was expected. */
interface Fault {
  readonly index: number;
  readonly expected: string;
}
type Read<T> = { value: T; next: number } | { fault: Fault };

/**
 * Parses a series. Takes time linear in the text.
 * @returns its labels in the order of the text, `__name__` first, names unique; or in `detail` what is wrong, with the
 * position where something else was expected, in characters counted from 1.
 */
export function parseMetricText(text: string): MetricText {
  // JSON can spell half a surrogate pair. It has no UTF-8 form, and writing U+FFFD would make two series one.
  if (/\p{Surrogate}/u.test(text)) {
    return { ok: false, detail: "the metric has half a surrogate pair, which UTF-8 cannot hold" };
  }
  const read = readSeries(text);
  if ("fault" in read) {
    const { index, expected } = read.fault;
    return { ok: false, detail: `expected ${expected} at character ${index + 1}, found ${foundAt(text, index)}` };
  }
  const twice = firstRepeated(read.value);
  return twice === undefined
    ? { ok: true, labels: read.value }
    : { ok: false, detail: `label ${quote(twice)} stands twice` };
}

function readSeries(text: string): Read<Label[]> {
  const start = skipSpace(text, 0);
  const nameEnd = findAny(text, start, '{}"');
  const name = text.slice(start, nameEnd).trim();
  if (nameEnd < text.length && text[nameEnd] !== "{") {
    return fault(nameEnd, "{ or the end of the text");
  }
  const braces: Read<Label[]> = nameEnd < text.length ? readLabels(text, nameEnd) : { value: [], next: nameEnd };
  if ("fault" in braces) {
    return braces;
  }
  const end = skipSpace(text, braces.next);
  if (end < text.length) {
    return fault(end, "the end of the text");
  }
  const labels = name === "" ? braces.value : [{ name: METRIC_NAME_LABEL, value: name }, ...braces.value];
  return labels.some((label) => label.name === METRIC_NAME_LABEL && label.value !== "")
    ? { value: labels, next: end }
    : fault(start, "the name of the metric");
}

/** @param start position of the opening brace. */
function readLabels(text: string, start: number): Read<Label[]> {
  const labels: Label[] = [];
  let position = skipSpace(text, start + 1);
  while (text[position] !== "}") {
    const label = readLabel(text, position);
    if ("fault" in label) {
      return label;
    }
    labels.push(label.value);
    position = skipSpace(text, label.next);
    if (text[position] === ",") {
      position = skipSpace(text, position + 1);
    } else if (text[position] !== "}") {
      return fault(position, ", or }");
    }
  }
  return { value: labels, next: position + 1 };
}

function readLabel(text: string, start: number): Read<Label> {
  const nameEnd = findAny(text, start, '"{},=\\ \t\r\n');
  if (nameEnd === start) {
    return fault(start, "the name of a label or }");
  }
  const equals = skipSpace(text, nameEnd);
  if (text[equals] !== "=") {
    return fault(equals, `= after the label name ${quote(text.slice(start, nameEnd))}`);
  }
  const opening = skipSpace(text, equals + 1);
  if (text[opening] !== '"') {
    return fault(opening, 'a label value in "');
  }
  const value = readString(text, opening);
  return "fault" in value
    ? value
    : { value: { name: text.slice(start, nameEnd), value: value.value }, next: value.next };
}

/** @param start position of the opening quote. */
function readString(text: string, start: number): Read<string> {
  let value = "";
  let copied = start + 1;
  let position = start + 1;
  while (position < text.length && text[position] !== '"') {
    const unescaped = text[position] === "\\" ? ESCAPES.get(text.charAt(position + 1)) : undefined;
    if (unescaped === undefined) {
      position++;
      continue;
    }
    value += text.slice(copied, position) + unescaped;
    position += 2;
    copied = position;
  }
  return position < text.length
    ? { value: value + text.slice(copied, position), next: position + 1 }
    : fault(text.length, `the quote that ends the value of character ${start + 1}`);
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\\", "\\"],
  ['"', '"'],
  ["n", "\n"],
]);

function firstRepeated(labels: readonly Label[]): string | undefined {
  const seen = new Set<string>();
  return labels.find(({ name }) => seen.size === seen.add(name).size)?.name;
}

/** Where the first of `characters` stands at or after `start`; the text's length if none does. */
function findAny(text: string, start: number, characters: string): number {
  let position = start;
  while (position < text.length && !characters.includes(text.charAt(position))) {
    position++;
  }
  return position;
}

function fault(index: number, expected: string): { fault: Fault } {
  return { fault: { index, expected } };
}

const MAX_QUOTED_CHARACTERS = 40;

function quote(text: string): string {
  return JSON.stringify(text.slice(0, MAX_QUOTED_CHARACTERS));
}
