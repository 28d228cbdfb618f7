import { isUtf8 } from "node:buffer";
import protobuf from "protobufjs/minimal.js";
import type { DecodedWriteRequest, MetadataEntry } from "./codec.ts";
import {
  expectWireType,
  isMalformation,
  MalformedProtobuf,
  readFields,
  readMessageEnd,
  skipField,
  VARINT,
} from "./protobuf-fields.ts";

/** Entries of one request that are looked at. Senders send some hundreds or thousands at a time. */
export const MAX_METADATA_ENTRIES = 20_000;
/*
 * Bytes of the longest texts. VictoriaMetrics takes 64 KiB each, Mimir 1 KiB together; the longest help texts that
 * exporters are known for are a few hundred bytes.
 */
export const MAX_FAMILY_NAME_BYTES = 1024;
export const MAX_HELP_BYTES = 4096;
export const MAX_UNIT_BYTES = 256;
/** Fields of one entry. There are four; a later protocol may add some, and millions of empty ones would take seconds. */
const MAX_FIELDS = 32;
/** Types are 0 (unknown) to this; `METRIC_TYPES` in `registry-record.ts` names them. */
const MAX_TYPE = 7;

interface Field {
  readonly name: "familyName" | "help" | "unit";
  readonly maxBytes: number;
}

const FIELDS: ReadonlyMap<number, Field> = new Map([
  [2, { name: "familyName", maxBytes: MAX_FAMILY_NAME_BYTES }],
  [4, { name: "help", maxBytes: MAX_HELP_BYTES }],
  [5, { name: "unit", maxBytes: MAX_UNIT_BYTES }],
]);

/**
 * Reads the metadata of a WriteRequest, entry by entry:
 *
 *   MetricMetadata { MetricType type = 1; string metric_family_name = 2; string help = 4; string unit = 5; }
 *
 * Nothing that is wrong with an entry is a fault of the request: the entry is counted and left out. A type that is not
 * known, because a later protocol added it, is read as unknown.
 */
export class MetadataReader {
  readonly #bytes: Buffer;
  readonly #reader: protobuf.Reader;
  readonly #entries: MetadataEntry[] = [];
  #invalid = 0;
  #overLimit = 0;

  /** @param bytes the whole request. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#reader = protobuf.Reader.create(bytes);
  }

  /** Takes the MetricMetadata message from byte `start` to before byte `end`. */
  add(start: number, end: number): void {
    if (this.#entries.length + this.#invalid >= MAX_METADATA_ENTRIES) {
      this.#overLimit++;
      return;
    }
    const entry = this.#read(start, end);
    if (entry) {
      this.#entries.push(entry);
    } else {
      this.#invalid++;
    }
  }

  finish(): Pick<DecodedWriteRequest, "metadata" | "unreadMetadata"> {
    return {
      metadata: this.#entries,
      unreadMetadata: { invalid: this.#invalid, overLimit: this.#overLimit },
    };
  }

  #read(start: number, end: number): MetadataEntry | undefined {
    try {
      return this.#readFields(start, end);
    } catch (error) {
      if (!isMalformation(error)) {
        throw error;
      }
      return undefined;
    }
  }

  /** @returns undefined where a text is too long or not UTF-8, or the name is missing. @throws on malformed protobuf. */
  #readFields(start: number, end: number): MetadataEntry | undefined {
    const reader = this.#reader;
    const texts = { familyName: "", help: "", unit: "" };
    let type = 0;
    let isGood = true;
    let fields = 0;
    reader.pos = start;
    readFields(reader, end, (number, wireType) => {
      if (++fields > MAX_FIELDS) {
        throw new MalformedProtobuf(`metadata of more than ${MAX_FIELDS} fields`);
      }
      const field = FIELDS.get(number);
      if (field) {
        const textEnd = readMessageEnd(reader, wireType, end);
        const text = this.#readText(reader.pos, textEnd, field.maxBytes);
        isGood &&= text !== undefined;
        texts[field.name] = text ?? "";
        reader.pos = textEnd;
      } else if (number === 1) {
        expectWireType(wireType, VARINT);
        type = Number(reader.int64());
      } else {
        skipField(reader, wireType);
      }
    });
    const isKnown = type >= 0 && type <= MAX_TYPE;
    return isGood && texts.familyName !== "" ? { type: isKnown ? type : 0, ...texts } : undefined;
  }

  #readText(start: number, end: number, maxBytes: number): string | undefined {
    return end - start <= maxBytes && isUtf8(this.#bytes.subarray(start, end))
      ? this.#bytes.toString("utf8", start, end)
      : undefined;
  }
}
