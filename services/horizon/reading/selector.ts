import { foundAt, skipSpace } from "../../shared/scan-text.ts";
import { METRIC_NAME_LABEL } from "../../shared/series.ts";
import { readQuoted } from "./quoted-text.ts";

/*
 * Reads what selects series in PromQL, and nothing else of PromQL:
 *
 *   selector := [metric name] ["{" [matcher {"," matcher} [","]] "}"]
 *   matcher  := label operator text | text             text alone is a metric name
 *   label    := name | text
 *   operator := "=" | "!=" | "=~" | "!~"
 *   text     := "…" or '…' with Go's escapes, or `…` without any
 */

export type MatchOperator = "=" | "!=" | "=~" | "!~";

/** What a label of a series is to be like. A series without the label has it with an empty value. */
export interface LabelMatcher {
  readonly name: string;
  readonly operator: MatchOperator;
  readonly value: string;
}

/** Series that fulfil all of these. */
export type Selector = readonly LabelMatcher[];

export type ParsedSelector = { ok: true; selector: Selector } | { ok: false; detail: string };

/** At most so many matchers in a selector: each is tried against every candidate. */
const MAX_MATCHERS = 50;
const METRIC_NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const OPERATOR = /=~|!~|!=|=/y;

/** A place in the text, from 0, where something else was expected. */
interface Fault {
  readonly position: number;
  readonly expected: string;
}
type Read<T> = { value: T; next: number } | { fault: Fault };

/**
 * Parses a selector. Takes time linear in the text.
 * @returns its matchers, that of the metric name first; or in `detail` at which character what was expected.
 */
export function parseSelector(text: string): ParsedSelector {
  const read = readSelector(text);
  if ("fault" in read) {
    const { position, expected } = read.fault;
    return { ok: false, detail: `expected ${expected} at character ${position + 1}, found ${foundAt(text, position)}` };
  }
  const names = read.value.filter(({ name, operator }) => name === METRIC_NAME_LABEL && operator === "=");
  return names.length > 1
    ? { ok: false, detail: `it names two metrics: ${names.map(({ value }) => JSON.stringify(value)).join(" and ")}` }
    : { ok: true, selector: read.value };
}

function readSelector(text: string): Read<Selector> {
  const start = skipSpace(text, 0);
  const name = wordAt(METRIC_NAME, text, start);
  const open = skipSpace(text, start + name.length);
  const own = name === "" ? [] : [named(name)];
  if (text[open] !== "{") {
    return name !== "" && open === text.length
      ? { value: own, next: open }
      : fault(open, name === "" ? "a metric name or {" : "{ or the end");
  }
  const matchers = readMatchers(text, open);
  if ("fault" in matchers) {
    return matchers;
  }
  const end = skipSpace(text, matchers.next);
  return end === text.length ? { value: [...own, ...matchers.value], next: end } : fault(end, "the end");
}

/** @param open position of the opening brace. */
function readMatchers(text: string, open: number): Read<LabelMatcher[]> {
  const matchers: LabelMatcher[] = [];
  let position = skipSpace(text, open + 1);
  while (text[position] !== "}") {
    if (matchers.length === MAX_MATCHERS) {
      return fault(position, `no more than ${MAX_MATCHERS} matchers`);
    }
    const matcher = readMatcher(text, position);
    if ("fault" in matcher) {
      return matcher;
    }
    matchers.push(matcher.value);
    position = skipSpace(text, matcher.next);
    if (text[position] === ",") {
      position = skipSpace(text, position + 1);
    } else if (text[position] !== "}") {
      return fault(position, ", or }");
    }
  }
  return { value: matchers, next: position + 1 };
}

function readMatcher(text: string, start: number): Read<LabelMatcher> {
  const word = wordAt(LABEL_NAME, text, start);
  const label: Read<string> =
    word === "" ? readQuoted(text, start, "a label") : { value: word, next: start + word.length };
  if ("fault" in label) {
    return label;
  }
  const operatorAt = skipSpace(text, label.next);
  const operator = operatorIn(text, operatorAt);
  if (operator === undefined) {
    const isName = word === "" && (text[operatorAt] === "," || text[operatorAt] === "}");
    return isName ? { value: named(label.value), next: operatorAt } : fault(operatorAt, "=, !=, =~ or !~");
  }
  const value = readQuoted(text, skipSpace(text, operatorAt + operator.length), "a text in quotes");
  return "fault" in value ? value : { value: { name: label.value, operator, value: value.value }, next: value.next };
}

function operatorIn(text: string, position: number): MatchOperator | undefined {
  const word = wordAt(OPERATOR, text, position);
  return word === "=" || word === "!=" || word === "=~" || word === "!~" ? word : undefined;
}

function named(value: string): LabelMatcher {
  return { name: METRIC_NAME_LABEL, operator: "=", value };
}

function wordAt(pattern: RegExp, text: string, position: number): string {
  pattern.lastIndex = position;
  return pattern.exec(text)?.[0] ?? "";
}

function fault(position: number, expected: string): { fault: Fault } {
  return { fault: { position, expected } };
}
