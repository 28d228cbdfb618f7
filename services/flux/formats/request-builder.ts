import type { DecodedWriteRequest, RawSeries } from "../../kernel/codec.ts";
import { GrowingColumns } from "../../kernel/sample-columns.ts";
import type { Label } from "../../shared/series.ts";

/** Where samples of a text format go. */
export interface SampleSink {
  /** Adds a sample. @param labels with the metric name as `__name__`; in any order, checked later. */
  add(labels: readonly Label[], timestampMs: number, value: number): void;
}

/**
 * Gathers the samples of a text format into what the protobuf reader gives, so that everything after decoding is the
 * same for every format. Labels get the bytes that they would have in a WriteRequest: the same series from the same
 * sender is then recognised whatever it came in.
 */
export class RequestBuilder implements SampleSink {
  readonly #columns = new GrowingColumns();
  readonly #series: RawSeries[] = [];
  #labelBytes = 0;
  readonly #words = new Float64Array(1);
  readonly #halves = new Uint32Array(this.#words.buffer);

  add(labels: readonly Label[], timestampMs: number, value: number): void {
    this.#words[0] = value;
    this.#columns.push(timestampMs, this.#halves[0] ?? 0, this.#halves[1] ?? 0);
    const rawLabels = labelFields(labels);
    this.#labelBytes += rawLabels.length;
    this.#series.push({
      rawLabels,
      firstSample: this.#columns.length - 1,
      sampleCount: 1,
      histogramCount: 0,
      exemplarCount: 0,
    });
  }

  /** The request. The builder must not be used afterwards. */
  finish(): DecodedWriteRequest {
    return {
      series: this.#series,
      hasOneSampleEach: true,
      labelBytes: this.#labelBytes,
      ...this.#columns.finish(),
      metadata: [],
      unreadMetadata: { invalid: 0, overLimit: 0 },
    };
  }
}

/** `repeated Label labels = 1` of a TimeSeries, one character a byte. */
export function labelFields(labels: readonly Label[]): string {
  let fields = "";
  for (const { name, value } of labels) {
    const label = textField(1, name) + textField(2, value);
    fields += `\x0a${varint(label.length)}${label}`;
  }
  // Copied into one piece: V8 keeps a text that was put together as a tree of its parts, ten times as large.
  return Buffer.from(fields, "latin1").toString("latin1");
}

/** An empty text is left out, as senders of proto3 do. */
function textField(number: number, text: string): string {
  if (text === "") {
    return "";
  }
  const bytes = Buffer.from(text, "utf8").toString("latin1");
  return `${String.fromCharCode(number * 8 + 2)}${varint(bytes.length)}${bytes}`;
}

function varint(value: number): string {
  let text = "";
  let rest = value;
  while (rest > 0x7f) {
    text += String.fromCharCode((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return text + String.fromCharCode(rest);
}
