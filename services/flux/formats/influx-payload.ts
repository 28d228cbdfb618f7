import { type Label, METRIC_NAME_LABEL } from "../../shared/series.ts";
import { type FieldRules, fieldSample } from "./field-sample.ts";
import { truncateToPrecision } from "./influx-precision.ts";
import type { Point } from "./line-point.ts";
import { type Line, type LineFault, type LineOptions, parseLines } from "./line-protocol.ts";
import type { InvalidPart, Payload } from "./payload.ts";
import { tagLabels } from "./prometheus-names.ts";
import { RequestBuilder } from "./request-builder.ts";

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

/**
 * Reads a body. Each line is taken or refused by itself. Never throws for what the body holds.
 * @returns the payload, or a refusal where it exceeds `maxSamples` or `maxLabelBytes`.
 */
export function parseInfluxPayload(
  body: Buffer,
  options: InfluxOptions,
): { ok: true; payload: InfluxPayload } | InfluxRefusal {
  const gathering = new Gathering(options);
  for (const line of parseLines(body, options)) {
    if (line.ok) {
      gathering.addLine(line);
    } else {
      gathering.addFault(line);
    }
    const excess = gathering.excess();
    if (excess !== undefined) {
      return { ok: false, code: "body_too_large", detail: excess };
    }
  }
  return { ok: true, payload: gathering.finish() };
}

class Gathering {
  readonly #options: InfluxOptions;
  readonly #nowMs: number;
  readonly #builder = new RequestBuilder();
  readonly #invalid: InvalidPart[] = [];
  #firstFault: InfluxPayload["firstFault"];
  #samples = 0;
  #labelBytes = 0;
  #strings = 0;
  #joined = 0;

  constructor(options: InfluxOptions) {
    this.#options = options;
    this.#nowMs = truncateToPrecision(options.nowMs, options.precision);
  }

  addLine({ point, isPrometheus }: Line): void {
    const { measurement, tags, fields, timestampMs } = point;
    const { labels, joined } = isPrometheus ? { labels: ownLabels(tags), joined: 0 } : tagLabels(tags);
    const line = { measurement, labels, isPrometheus };
    this.#joined += joined;
    for (const field of fields) {
      const sample = fieldSample(field, line, this.#options);
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
      this.#builder.add(sample.labels, timestampMs ?? this.#nowMs, sample.value);
    }
  }

  addFault({ fault, line, lineNumber }: LineFault): void {
    const words = `unable to parse '${line}': ${fault}`;
    this.#firstFault ??= { lineNumber, words };
    const isDescribed = this.#invalid.length < MAX_DESCRIBED_FAULTS;
    this.#invalid.push(isDescribed ? { where: `line ${lineNumber}`, detail: words } : FURTHER_FAULT);
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

  finish(): InfluxPayload {
    return {
      request: this.#builder.finish(),
      invalid: this.#invalid,
      skippedStringFields: this.#strings,
      joinedTags: this.#joined,
      faults: this.#invalid.length,
      ...(this.#firstFault && { firstFault: this.#firstFault }),
    };
  }
}

/** Prometheus' own labels, but for one that claims to be the metric name. */
function ownLabels(tags: Point["tags"]): Label[] {
  return tags.filter(([name]) => name !== METRIC_NAME_LABEL).map(([name, value]) => ({ name, value }));
}
