import type { LineCodec, PlainLines } from "../../kernel/line-codec.ts";
import type { Label } from "../../shared/series.ts";
import { type FieldRules, fieldSample } from "./field-sample.ts";
import { truncateToPrecision } from "./influx-precision.ts";
import { labelFieldsOf, lineKeyHead } from "./line-key.ts";
import { labelsOfLine } from "./line-labels.ts";
import {
  firstLine,
  isCleanText,
  type Line,
  type LineFault,
  type LineOptions,
  parseLines,
  readLineAt,
} from "./line-protocol.ts";
import type { InvalidPart, Payload } from "./payload.ts";
import { labelFields, RequestBuilder, type SampleSink } from "./request-builder.ts";

/*
 * Line protocol as series of Prometheus: every field that is a number or a boolean is a sample, others if the rules
 * say so.
 */

/** How to read a body, and how much of it. */
export interface InfluxOptions extends LineOptions, FieldRules {
  /** For lines without a timestamp: milliseconds since 1970. */
  readonly nowMs: number;
  /** Most lines that can be wrong and samples that can be right, together. */
  readonly maxSamples: number;
  /**
   * Most bytes of labels, of all samples together. Every field of a line repeats its tags, so that a small body could
   * grow without bound.
   */
  readonly maxLabelBytes: number;
}

/** What a body of line protocol holds. */
export interface InfluxPayload extends Payload {
  /** Fields that are strings, and no samples by the rules. That is no fault. */
  readonly skippedStringFields: number;
  /** Tags whose value was joined to another's, because their names came out the same as labels. */
  readonly joinedTags: number;
  /** How many lines could not be read: the length of `invalid`. */
  readonly faults: number;
  readonly firstFault?: { readonly lineNumber: number; readonly words: string };
}

export interface InfluxRefusal {
  readonly ok: false;
  readonly code: "body_too_large";
  readonly detail: string;
}

/** Later faults are only counted: one that is a few bytes in the body is hundreds in memory. */
const MAX_DESCRIBED_FAULTS = 100;
const FURTHER_FAULT: InvalidPart = { where: "a later line", detail: "not described" };
/** What the labels of a sample may have beyond what it is recognised by: mostly the word `__name__`. */
const FURTHER_LABEL_BYTES = 16;

/**
 * Reads a body. Each line is taken or refused by itself. Never throws for what the body holds.
 * @param codec reads plain lines, if it can: sooner, and to the same effect.
 * @returns the payload, or a refusal where it exceeds `maxSamples` or `maxLabelBytes`.
 */
export function parseInfluxPayload(
  body: Buffer,
  options: InfluxOptions,
  codec: Partial<LineCodec> = {},
): { ok: true; payload: InfluxPayload } | InfluxRefusal {
  const payload = readPlainly(body, options, codec);
  if (payload) {
    return { ok: true, payload };
  }
  const builder = new RequestBuilder();
  const gathering = new Gathering(options, builder);
  for (const line of parseLines(body, options)) {
    gathering.add(line);
    const excess = gathering.excess();
    if (excess !== undefined) {
      return { ok: false, code: "body_too_large", detail: excess };
    }
  }
  return { ok: true, payload: { request: builder.finish(), ...gathering.finish() } };
}

/**
 * Reads a body with the help of the codec, which leaves to us the lines that are not plain.
 * @returns undefined where the codec cannot, or the body might exceed a limit: it is read line by line then.
 */
function readPlainly(body: Buffer, options: InfluxOptions, codec: Partial<LineCodec>): InfluxPayload | undefined {
  const { precision, adapter, stringFields, maxSamples, maxLabelBytes } = options;
  const head = lineKeyHead(options);
  if (!codec.openLines || !head || !isCleanText(body)) {
    return undefined;
  }
  const lines = codec.openLines(body, {
    ...{ unit: precision, nowMs: truncateToPrecision(options.nowMs, precision) },
    ...{ isAdapter: adapter !== "none", skipsStrings: stringFields === "drop" },
    ...{ head, labelsOf: labelFieldsOf, maxLabelBytes },
  });
  const gathering = new Gathering(options, sinkOf(lines));
  let place = lines.walk(firstLine(body));
  while (place && place.position < body.length) {
    const { line, next } = readLineAt(body, place, true, options);
    if (line) {
      gathering.add(line);
    }
    place = gathering.excess() === undefined ? lines.walk(next) : undefined;
  }
  const plain = place && lines.finish();
  if (!plain) {
    return undefined;
  }
  const { request, skippedStrings } = plain;
  const samples = request.timestampsMs.length;
  const rest = gathering.finish();
  const isWithin =
    samples + rest.faults <= maxSamples && request.labelBytes + samples * FURTHER_LABEL_BYTES <= maxLabelBytes;
  return isWithin ? { request, ...rest, skippedStringFields: rest.skippedStringFields + skippedStrings } : undefined;
}

function sinkOf(lines: PlainLines): SampleSink {
  return {
    add: (labels: readonly Label[], timestampMs, value) => lines.add(labelFields(labels), timestampMs, value),
  };
}

/** What lines come to, but for the samples, which go into a sink. */
class Gathering {
  readonly #options: InfluxOptions;
  readonly #nowMs: number;
  readonly #sink: SampleSink;
  readonly #invalid: InvalidPart[] = [];
  #firstFault: InfluxPayload["firstFault"];
  #samples = 0;
  #labelBytes = 0;
  #strings = 0;
  #joined = 0;

  constructor(options: InfluxOptions, sink: SampleSink) {
    this.#options = options;
    this.#nowMs = truncateToPrecision(options.nowMs, options.precision);
    this.#sink = sink;
  }

  add(line: Line | LineFault): void {
    if (line.ok) {
      this.#addLine(line);
    } else {
      this.#addFault(line);
    }
  }

  /** Which limit is exceeded, in words. */
  excess(): string | undefined {
    const { maxSamples, maxLabelBytes } = this.#options;
    if (this.#samples + this.#invalid.length > maxSamples) {
      return `the body has more than ${maxSamples} samples; send it in parts`;
    }
    return this.#labelBytes > maxLabelBytes
      ? `the samples of the body have more than ${maxLabelBytes} bytes of labels; send it in parts`
      : undefined;
  }

  finish(): Omit<InfluxPayload, "request"> {
    return {
      invalid: this.#invalid,
      skippedStringFields: this.#strings,
      joinedTags: this.#joined,
      faults: this.#invalid.length,
      ...(this.#firstFault && { firstFault: this.#firstFault }),
    };
  }

  #addLine(line: Line): void {
    const common = labelsOfLine(line);
    this.#joined += common.joined;
    for (const field of line.point.fields) {
      const sample = fieldSample(field, common, this.#options);
      if (!sample) {
        this.#strings++;
        continue;
      }
      this.#labelBytes += sample.labels.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
      this.#samples++;
      if (this.excess() !== undefined) {
        return;
      }
      this.#joined += sample.isJoined ? 1 : 0;
      this.#sink.add(sample.labels, line.point.timestampMs ?? this.#nowMs, sample.value);
    }
  }

  #addFault({ fault, line, lineNumber }: LineFault): void {
    const words = `unable to parse '${line}': ${fault}`;
    this.#firstFault ??= { lineNumber, words };
    const isDescribed = this.#invalid.length < MAX_DESCRIBED_FAULTS;
    this.#invalid.push(isDescribed ? { where: `line ${lineNumber}`, detail: words } : FURTHER_FAULT);
  }
}
