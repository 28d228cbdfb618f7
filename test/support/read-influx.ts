import assert from "node:assert/strict";
import type { InfluxOptions, InfluxPayload } from "../../services/flux/formats/influx-payload.ts";
import { parseInfluxPayload } from "../../services/flux/formats/influx-payload.ts";
import { referenceCodec } from "../../services/kernel/reference.ts";
import type { Label } from "../../services/shared/series.ts";

/** The time of lines without one: 2024-11-21 00:00:00.123, an hour and a minute after which nothing is rounded. */
export const NOW_MS = 1732151001123;

export interface InfluxSample {
  readonly labels: readonly Label[];
  readonly timestampMs: number;
  readonly value: number;
}

/** Reads line protocol as Flux does, and gives back what it came to. */
export function readInflux(
  body: string | Buffer,
  options: Partial<InfluxOptions> = {},
): { payload: InfluxPayload; samples: InfluxSample[] } {
  const read = parseInfluxPayload(Buffer.from(body), {
    precision: "ns",
    adapter: "none",
    prefix: "",
    stringFields: "drop",
    nowMs: NOW_MS,
    maxSamples: 1_000_000,
    maxLabelBytes: 1e8,
    ...options,
  });
  assert.ok(read.ok);
  const { series, timestampsMs, valueBits } = read.payload.request;
  const values = new Float64Array(valueBits.buffer, valueBits.byteOffset, valueBits.length);
  const samples = series.map(({ rawLabels, firstSample }) => {
    const decoded = referenceCodec.decodeLabels(rawLabels);
    assert.ok(decoded.ok);
    return { labels: decoded.labels, timestampMs: timestampsMs[firstSample] ?? 0, value: values[firstSample] ?? 0 };
  });
  return { payload: read.payload, samples };
}

/** `name{a="1"} value`, with ` @milliseconds` unless `withoutTime`. Labels in their order, -0 as such. */
export function formatSample({ labels, timestampMs, value }: InfluxSample, withoutTime = false): string {
  const name = labels.find((label) => label.name === "__name__")?.value;
  const others = labels
    .filter((label) => label.name !== "__name__")
    .map((label) => `${label.name}=${JSON.stringify(label.value)}`);
  const braces = others.length === 0 ? "" : `{${others.join(",")}}`;
  return `${name}${braces} ${Object.is(value, -0) ? "-0" : value}${withoutTime ? "" : ` @${timestampMs}`}`;
}
