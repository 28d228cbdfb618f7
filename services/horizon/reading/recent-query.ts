import { RegexBudget } from "./regex-budget.ts";
import { parseSelector } from "./selector.ts";
import { compileSelector, type SelectorMatcher } from "./selector-matcher.ts";
import { parseDuration, parseTime } from "./time-text.ts";

/** How the samples of a step become one. */
export const AGGREGATIONS = ["avg", "min", "max", "sum", "count", "last", "first"] as const;
export type AggregationName = (typeof AGGREGATIONS)[number];

/** What somebody wants to read. */
export interface RecentQuery {
  /** Series that any of these matches. */
  readonly selectors: readonly SelectorMatcher[];
  readonly startMs: number;
  /** Not before `startMs`; a sample of this time belongs to the answer. */
  readonly endMs: number;
  /** Undefined: every sample as it is stored. */
  readonly aggregation: { readonly name: AggregationName; readonly stepMs: number } | undefined;
  /** How many series to answer with; undefined: as many as the settings allow. */
  readonly maxSeries: number | undefined;
}

type Fault = { ok: false /** A sentence for who asked. */; detail: string };
export type ParsedQuery = { ok: true; query: RecentQuery } | Fault;

const DEFAULT_RANGE_MS = 3_600_000;
const MAX_SELECTORS = 20;
const MAX_SHOWN_CHARACTERS = 120;
const MATCH_NAMES = ["match", "match[]"];
const SINGLE_NAMES = ["start", "end", "step", "aggregation", "limit"];

/** Reads the parameters of a request. */
export function parseRecentQuery(params: URLSearchParams, nowMs: number): ParsedQuery {
  const stranger = [...params.keys()].find((name) => ![...MATCH_NAMES, ...SINGLE_NAMES].includes(name));
  if (stranger !== undefined) {
    const known = ["match", ...SINGLE_NAMES].join(", ");
    return refuse(`cannot read the parameter ${quote(stranger)}: there are ${known}`);
  }
  const twice = SINGLE_NAMES.find((name) => params.getAll(name).length > 1);
  if (twice !== undefined) {
    return refuse(`cannot read ${twice}: it is there ${params.getAll(twice).length} times; give it once`);
  }
  const selectors = parseSelectors(MATCH_NAMES.flatMap((name) => params.getAll(name)));
  const times = parseTimes(params, nowMs);
  const aggregation = parseAggregation(params);
  const limit = parseLimit(params);
  const fault = [selectors, times, aggregation, limit].find((one): one is Fault => !one.ok);
  return selectors.ok && times.ok && aggregation.ok && limit.ok
    ? {
        ok: true,
        query: { selectors: selectors.value, ...times.value, aggregation: aggregation.value, maxSeries: limit.value },
      }
    : (fault ?? refuse("cannot read the request"));
}

type Parsed<T> = { ok: true; value: T } | Fault;

function parseSelectors(texts: readonly string[]): Parsed<SelectorMatcher[]> {
  if (texts.length === 0 || texts.length > MAX_SELECTORS) {
    return texts.length === 0
      ? refuse('cannot read the request: the parameter match is missing; give a selector like match=up{job="node"}')
      : refuse(`cannot read match: it is there ${texts.length} times; the limit is ${MAX_SELECTORS}`);
  }
  const budget = new RegexBudget();
  const matchers: SelectorMatcher[] = [];
  for (const text of texts) {
    const parsed = parseSelector(text);
    const compiled = parsed.ok ? compileSelector(parsed.selector, budget) : parsed;
    if (!compiled.ok) {
      return refuse(`cannot read match ${quote(text)}: ${compiled.detail}`);
    }
    matchers.push(compiled.matcher);
  }
  return { ok: true, value: matchers };
}

function parseTimes(params: URLSearchParams, nowMs: number): Parsed<{ startMs: number; endMs: number }> {
  const end = parseOptional(params, "end", parseTime, TIME_FORM);
  const start = parseOptional(params, "start", parseTime, TIME_FORM);
  if (!end.ok) {
    return end;
  }
  if (!start.ok) {
    return start;
  }
  const endMs = end.value ?? nowMs;
  const startMs = start.value ?? Math.max(0, endMs - DEFAULT_RANGE_MS);
  return startMs <= endMs
    ? { ok: true, value: { startMs, endMs } }
    : refuse(
        `cannot read from ${new Date(startMs).toISOString()}: it is after the end, ${new Date(endMs).toISOString()}`,
      );
}

const TIME_FORM = "seconds or milliseconds since 1970, or a time like 2026-01-31T12:00:00Z";

/** A step alone asks for the last sample of each, as in Prometheus. */
function parseAggregation(params: URLSearchParams): Parsed<RecentQuery["aggregation"]> {
  const step = parseOptional(params, "step", parseDuration, "seconds, or a duration like 5m");
  const name = parseOptional(params, "aggregation", aggregationNamed, AGGREGATIONS.join(", "));
  if (!step.ok) {
    return step;
  }
  if (!name.ok) {
    return name;
  }
  if (step.value === undefined) {
    return name.value === undefined
      ? { ok: true, value: undefined }
      : refuse(`cannot aggregate by ${name.value}: the parameter step is missing; give one like step=5m`);
  }
  return { ok: true, value: { name: name.value ?? "last", stepMs: step.value } };
}

function aggregationNamed(text: string): AggregationName | undefined {
  return AGGREGATIONS.find((name) => name === text);
}

function parseLimit(params: URLSearchParams): Parsed<number | undefined> {
  return parseOptional(
    params,
    "limit",
    (text) => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined),
    "a number of series, from 1",
  );
}

function parseOptional<T>(
  params: URLSearchParams,
  name: string,
  parse: (text: string) => T | undefined,
  form: string,
): Parsed<T | undefined> {
  const text = params.get(name);
  if (text === null || text === "") {
    return { ok: true, value: undefined };
  }
  const value = parse(text);
  return value === undefined ? refuse(`cannot read ${name}: ${quote(text)} is none of ${form}`) : { ok: true, value };
}

function quote(text: string): string {
  return JSON.stringify(text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text);
}

function refuse(detail: string): Fault {
  return { ok: false, detail };
}
