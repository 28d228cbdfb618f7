import { parseMetricText } from "../flux/formats/metric-text.ts";
import type { InvalidPart, Payload } from "../flux/formats/payload.ts";
import { RequestBuilder } from "../flux/formats/request-builder.ts";

/** A value, and perhaps a time, behind a series, as `/metrics` has them. */
const VALUE_BEHIND = /[ \t]+[+-]?(?:\d[\d.eE+-]*|\.\d+|NaN|Inf)(?:[ \t]+-?\d+)?$/;

/**
 * Reads names of series, one a line: `up`, `up{job="a"}`, also with a value behind as `/metrics` has it. Blank lines and
 * those that begin with # are skipped.
 * @param nowMs the time of each one's only sample.
 * @returns a payload as any sender's, in which lines that are no series are invalid parts.
 */
export function readSeriesNames(text: string, nowMs: number): Payload {
  const builder = new RequestBuilder();
  const invalid: InvalidPart[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) {
      continue;
    }
    const parsed = parseMetricText(trimmed.replace(VALUE_BEHIND, ""));
    if (parsed.ok) {
      builder.add(parsed.labels, nowMs, 0);
    } else {
      invalid.push({ where: `line ${index + 1}`, detail: parsed.detail });
    }
  }
  return { request: builder.finish(), invalid };
}
