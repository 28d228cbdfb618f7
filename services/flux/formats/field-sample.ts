import { compareUtf8, type Label, METRIC_NAME_LABEL } from "../../shared/series.ts";
import { numberInText } from "./line-number.ts";
import type { Field } from "./line-point.ts";
import { isReserved, labelName, metricName } from "./prometheus-names.ts";

/*
 * A field of line protocol as a sample of Prometheus.
 */

/**
 * What becomes of fields that are strings. `drop`: nothing. `number`: a sample where the text is a number. `info`: a
 * sample of value 1 with the text in a label.
 */
export type StringFields = "drop" | "number" | "info";

/** How fields become samples. */
export interface FieldRules {
  /** Stands before every metric name, and `_` after it. Empty: nothing does. */
  readonly prefix: string;
  readonly stringFields: StringFields;
}

/** What the fields of a line have in common. */
export interface FieldContext {
  readonly measurement: string;
  /** The tags, as labels with unique names. */
  readonly labels: readonly Label[];
  /** Whether it is Prometheus' own series: its name is to be kept as it is. */
  readonly isPrometheus: boolean;
}

/** A sample, but for its time. */
export interface FieldSample {
  /** The metric name among them. */
  readonly labels: readonly Label[];
  readonly value: number;
  /** Whether the text of a string was joined to the tag that has its label's name. */
  readonly isJoined: boolean;
}

/** Longer texts are no information about a series, and each new text is a new series. */
const MAX_INFO_BYTES = 256;
const INFO_SUFFIX = "_info";

/** The sample that a field comes to; undefined for a string that is none by the rules. */
export function fieldSample({ name, value }: Field, line: FieldContext, rules: FieldRules): FieldSample | undefined {
  if (typeof value === "string" && rules.stringFields === "info") {
    return infoSample(nameOf(name, line, rules.prefix), { name, text: value }, line.labels);
  }
  const number = typeof value === "string" ? numberOfString(value, rules.stringFields) : value;
  return number === undefined
    ? undefined
    : { labels: named(nameOf(name, line, rules.prefix), line.labels), value: number, isJoined: false };
}

function numberOfString(text: string, stringFields: StringFields): number | undefined {
  return stringFields === "number" ? numberInText(text) : undefined;
}

function nameOf(field: string, { measurement, isPrometheus }: FieldContext, prefix: string): string {
  if (isPrometheus) {
    return prefix === "" ? measurement : `${metricName(prefix, "value")}_${measurement}`;
  }
  return metricName(prefix === "" ? measurement : `${prefix}_${measurement}`, field);
}

/** `{metric}_info{…,{field}="{text}"} 1`. Joined by `;` where a tag has that label, as tags are to one another. */
function infoSample(
  metric: string,
  { name, text }: { readonly name: string; readonly text: string },
  labels: readonly Label[],
): FieldSample | undefined {
  const label = labelName(name);
  if (text === "" || Buffer.byteLength(text) > MAX_INFO_BYTES || isReserved(name, label)) {
    return undefined;
  }
  const taken = labels.find((tag) => tag.name === label);
  const value = taken === undefined ? text : `${taken.value};${text}`;
  const others = labels.filter((tag) => tag !== taken);
  return {
    labels: named(`${metric}${INFO_SUFFIX}`, [...others, { name: label, value }]),
    value: 1,
    isJoined: taken !== undefined,
  };
}

/** The same series is recognised sooner if its labels come in the same order. */
function named(metric: string, labels: readonly Label[]): Label[] {
  return [...labels, { name: METRIC_NAME_LABEL, value: metric }].sort((a, b) => compareUtf8(a.name, b.name));
}
