import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MetadataEntry } from "../../services/kernel/codec.ts";
import {
  MAX_FAMILY_NAME_BYTES,
  MAX_HELP_BYTES,
  MAX_METADATA_ENTRIES,
  MAX_UNIT_BYTES,
} from "../../services/kernel/metadata-reader.ts";
import { referenceCodec } from "../../services/kernel/reference.ts";
import { createRandom, type Random } from "../support/random.ts";
import { encodeWriteRequest, type SeriesSpec } from "../support/write-request.ts";

const SERIES: SeriesSpec = { labels: { __name__: "up" }, samples: [{ timestampMs: 1, value: 1 }] };

function decode(bytes: Buffer) {
  const decoded = referenceCodec.decodeWriteRequest(bytes);
  assert.ok(decoded.ok, decoded.ok ? "" : decoded.detail);
  return decoded.request;
}

/** Metadata as a sender's library encodes it. */
function encode(entries: readonly MetadataEntry[], series: readonly SeriesSpec[] = []): Buffer {
  return encodeWriteRequest(
    series,
    entries.map(({ familyName, ...rest }) => ({ metric_family_name: familyName, ...rest })),
  );
}

/** A WriteRequest with one series and these bytes as a MetricMetadata, between two good ones. */
function around(message: Buffer): Buffer {
  const field = Buffer.concat([Buffer.of(0x1a, message.length), message]);
  const [before, after] = [encode([entry("before")], [SERIES]), encode([entry("after")])];
  return Buffer.concat([before, field, after]);
}

function entry(familyName: string, rest: Partial<MetadataEntry> = {}): MetadataEntry {
  return { type: 1, familyName, help: "Help.", unit: "seconds", ...rest };
}

describe("metadata of a WriteRequest", () => {
  test("is read as it was sent, in any order and any language", () => {
    const random = createRandom();
    for (let round = 0; round < 200; round++) {
      const entries = Array.from({ length: random.below(20) }, () => randomEntry(random));
      const request = decode(encode(entries, [SERIES]));
      assert.deepEqual(request.metadata, entries, `seed ${random.seed}`);
      assert.deepEqual(request.unreadMetadata, { invalid: 0, overLimit: 0 });
      assert.equal(request.series.length, 1);
    }
  });

  test("of a type that a later protocol added is of an unknown type", () => {
    const types = [8, 100, 2 ** 31, 2 ** 32 - 1].map((type) => entry("x", { type }));
    assert.deepEqual(
      decode(encode(types)).metadata.map(({ type }) => type),
      [0, 0, 0, 0],
    );
    const negative = Buffer.from(`08${"ff".repeat(9)}01120178`, "hex");
    assert.deepEqual(decode(around(negative)).metadata[1], { type: 0, familyName: "x", help: "", unit: "" });
  });

  const faulty: [what: string, hex: string][] = [
    ["nothing in it", ""],
    ["an empty family name", "08011200"],
    ["a family name that is not UTF-8", "1202c328"],
    ["a help text that is not UTF-8", "1201782202c328"],
    ["a unit that is not UTF-8", "1201782a01ff"],
    ["a text past its end", "120a78"],
    ["a cut varint", "12017808ff"],
    ["a type of the wrong wire type", "1201780a0131"],
    ["a name of the wrong wire type", "1001"],
    ["a group", "1201780b0c"],
    ["field number 0", "1201780001"],
    ["more fields than a later protocol may have", `120178${"2800".repeat(32)}`],
  ];
  for (const [what, hex] of faulty) {
    test(`with ${what} costs that entry, not the request`, () => {
      const request = decode(around(Buffer.from(hex, "hex")));
      assert.deepEqual(
        request.metadata.map(({ familyName }) => familyName),
        ["before", "after"],
      );
      assert.deepEqual(request.unreadMetadata, { invalid: 1, overLimit: 0 });
      assert.equal(request.series.length, 1);
    });
  }

  test("with a text over its limit costs that entry, one at the limit is taken", () => {
    const limits = { familyName: MAX_FAMILY_NAME_BYTES, help: MAX_HELP_BYTES, unit: MAX_UNIT_BYTES };
    for (const [field, bytes] of Object.entries(limits)) {
      const fits = entry("x", { [field]: "x".repeat(bytes) });
      const tooLong = entry("x", { [field]: `${"x".repeat(bytes - 1)}ü` });
      const request = decode(encode([fits, tooLong]));
      assert.deepEqual(request.metadata, [fits], field);
      assert.equal(request.unreadMetadata.invalid, 1, field);
    }
  });

  test("beyond what one request may bring is counted and not looked at", () => {
    const valid = Buffer.from("1a03120178", "hex");
    const invalid = Buffer.from("1a00", "hex");
    const half = MAX_METADATA_ENTRIES / 2;
    const many = Buffer.concat([
      ...Array<Buffer>(half).fill(valid),
      ...Array<Buffer>(half + 3).fill(invalid),
      ...Array<Buffer>(4).fill(valid),
    ]);
    const request = decode(many);
    assert.equal(request.metadata.length, half);
    assert.deepEqual(request.unreadMetadata, { invalid: half, overLimit: 7 });
  });

  test("never harms the samples, whatever its bytes are", () => {
    const random = createRandom();
    for (let round = 0; round < 20_000; round++) {
      const message = Buffer.from(encode([randomEntry(random, 20)]).subarray(2));
      for (let flips = random.below(4); flips > 0; flips--) {
        message[random.below(message.length)] = random.below(256);
      }
      const request = decode(around(message.subarray(0, Math.min(random.below(message.length + 1), 127))));
      assert.equal(request.series.length, 1);
      assert.equal(request.metadata.length + request.unreadMetadata.invalid, 3, `seed ${random.seed}, round ${round}`);
    }
  });
});

function randomEntry(random: Random, maxRepeats = 200): MetadataEntry {
  const text = () => random.pick(["", "a", "é☃", "\ufeffx", "x y\n", "\u{1f600}"]).repeat(random.below(maxRepeats));
  return { type: random.below(8), familyName: `x${random.below(1e6)}é`, help: text(), unit: text().slice(0, 20) };
}
