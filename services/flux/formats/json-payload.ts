import { compareUtf8, formatSeriesName, type Label, SERVER_LABEL, TENANT_LABEL } from "../../shared/series.ts";
import { readTimestampMs, readValue } from "./json-number.ts";
import { parseJsonText } from "./json-text.ts";
import { parseMetricText } from "./metric-text.ts";
import type { InvalidPart, Payload } from "./payload.ts";
import { RequestBuilder } from "./request-builder.ts";

/*
 * Skyline's JSON payload:
 *   {"key": "…", "metrics": [{"metric": "up{job=\"node\"}", "timestamp": 1700000000, "value": 1}, …]}
 */

/** An element of `metrics` that could not be read, as it came. */
export interface InvalidJsonItem extends InvalidPart {
  readonly item: unknown;
}

/** What a JSON body holds. */
export interface JsonPayload extends Payload {
  readonly invalid: readonly InvalidJsonItem[];
  /** The names of the other elements, in their order, without the labels that only Flux may set. */
  readonly validMetrics: readonly string[];
}

/** A body of which nothing can be taken. */
export interface JsonRefusal {
  readonly ok: false;
  readonly code: "malformed_json" | "no_metrics" | "body_too_large";
  readonly detail: string;
  /** The key of a body that is JSON. */
  readonly key: string | undefined;
}

/**
 * Reads a JSON body. Each element of `metrics` is taken or refused by itself. Never throws for what the body holds.
 * @param limits.maxItems how many elements `metrics` may have.
 */
export function parseJsonPayload(
  body: Buffer,
  limits: { readonly maxItems: number },
): { ok: true; key: string | undefined; payload: JsonPayload } | JsonRefusal {
  const json = parseJsonText(body);
  if (!json.ok) {
    return refusal("malformed_json", json.detail);
  }
  if (typeof json.value !== "object" || json.value === null || Array.isArray(json.value)) {
    return refusal("malformed_json", 'the body is not an object with "key" and "metrics"');
  }
  const key = keyOf(json.value);
  const items: unknown = member(json.value, "metrics");
  if (!Array.isArray(items) || items.length === 0) {
    return refusal("no_metrics", '"metrics" is missing, empty or not a list', key);
  }
  if (items.length > limits.maxItems) {
    return refusal(
      "body_too_large",
      `"metrics" has ${items.length} elements, at most ${limits.maxItems} are taken`,
      key,
    );
  }
  return { ok: true, key, payload: readItems(items) };
}

/** The key in a JSON body, without a look at its metrics; undefined where there is none, or the body is not JSON. */
export function readJsonKey(body: Buffer): string | undefined {
  const json = parseJsonText(body);
  return json.ok && typeof json.value === "object" && json.value !== null ? keyOf(json.value) : undefined;
}

function keyOf(value: object): string | undefined {
  const key = member(value, "key");
  return typeof key === "string" ? key : undefined;
}

function readItems(items: readonly unknown[]): JsonPayload {
  const builder = new RequestBuilder();
  const invalid: InvalidJsonItem[] = [];
  const validMetrics: string[] = [];
  for (const [index, item] of items.entries()) {
    const sample = readItem(item);
    if (sample.ok) {
      builder.add(sample.labels, sample.timestampMs, sample.value);
      validMetrics.push(nameOf(sample.labels));
    } else {
      invalid.push({ item, where: `metrics[${index}]`, detail: sample.detail });
    }
  }
  return { request: builder.finish(), invalid, validMetrics };
}

type Sample = { ok: true; labels: Label[]; timestampMs: number; value: number } | { ok: false; detail: string };

function readItem(item: unknown): Sample {
  if (typeof item !== "object" || item === null) {
    return { ok: false, detail: 'it is not an object with "metric", "timestamp" and "value"' };
  }
  const text = member(item, "metric");
  if (typeof text !== "string") {
    return { ok: false, detail: "there is no metric, or it is not a string" };
  }
  const metric = parseMetricText(text);
  if (!metric.ok) {
    return metric;
  }
  const timestamp = readTimestampMs(member(item, "timestamp"));
  if (!timestamp.ok) {
    return timestamp;
  }
  const value = readValue(member(item, "value"));
  return value.ok ? { ok: true, labels: metric.labels, timestampMs: timestamp.value, value: value.value } : value;
}

function nameOf(labels: readonly Label[]): string {
  const kept = labels.filter(({ name, value }) => value !== "" && name !== TENANT_LABEL && name !== SERVER_LABEL);
  return formatSeriesName(kept.sort((a, b) => compareUtf8(a.name, b.name)));
}

function member(object: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(object, name)?.value;
}

function refusal(code: JsonRefusal["code"], detail: string, key?: string): JsonRefusal {
  return { ok: false, code, detail, key };
}
