import { fieldSample } from "./field-sample.ts";
import type { Adapter } from "./influx-adapter.ts";
import { labelsOfLine } from "./line-labels.ts";
import { readLineAt } from "./line-protocol.ts";
import { labelFields } from "./request-builder.ts";

/*
 * What the series of a plain line is recognised by, in place of its labels: bytes that tell all that these are made of.
 *
 *   key  := head measurement { "," tag "=" value } SPACE field
 *   head := adapter prefix NUL
 *
 * with the line's own bytes, as they came. The same series may therefore have several keys, for instance where two
 * senders have its tags in another order. Samples of other lines are recognised by their label fields.
 */

/** The first byte of a key. That of label fields is 10. */
const ADAPTER_BYTES: Readonly<Record<Adapter, number>> = { none: 1, v1: 2, v2: 3 };
const LABEL_FIELD_BYTE = 0x0a;
const MAX_HEAD_BYTES = 1024;
const LINE_START = { position: 0, lineNumber: 1 } as const;

/** What the labels of a plain line depend on beside the line. */
export interface KeyHead {
  readonly adapter: Adapter;
  /** As in `FieldRules`. */
  readonly prefix: string;
}

/** The head of all keys of a body, or undefined where its prefix does not fit into one. */
export function lineKeyHead({ adapter, prefix }: KeyHead): Buffer | undefined {
  const head = Buffer.from(`${String.fromCharCode(ADAPTER_BYTES[adapter])}${prefix}\0`);
  const fits = head.length <= MAX_HEAD_BYTES && head.indexOf(0) === head.length - 1;
  return fits && readHead(head)?.prefix === prefix ? head : undefined;
}

/**
 * The label fields (`RawSeries.rawLabels`) of the series that has a key, or that are given themselves.
 * @throws when the bytes are neither.
 */
export function labelFieldsOf(recognised: Buffer): string {
  if (recognised[0] === LABEL_FIELD_BYTE) {
    return recognised.toString("latin1");
  }
  const head = readHead(recognised);
  const text = Buffer.concat([recognised.subarray(recognised.indexOf(0) + 1), Buffer.from("=0 0")]);
  const line = head && readLineAt(text, LINE_START, true, { precision: "ms", adapter: head.adapter }).line;
  const [field] = line?.ok ? line.point.fields : [];
  if (!head || !line?.ok || !field) {
    throw new Error("cannot read what a series of a plain line was recognised by");
  }
  const sample = fieldSample(field, labelsOfLine(line), { prefix: head.prefix, stringFields: "drop" });
  return labelFields(sample?.labels ?? []);
}

function readHead(key: Buffer): KeyHead | undefined {
  const adapter = (["none", "v1", "v2"] as const).find((one) => ADAPTER_BYTES[one] === key[0]);
  return adapter && { adapter, prefix: key.toString("utf8", 1, key.indexOf(0)) };
}
