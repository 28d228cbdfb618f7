import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MAX_ROWS } from "../../services/kernel/codec.ts";
import { referenceCodec } from "../../services/kernel/reference.ts";
import { createRandom, type Random } from "../support/random.ts";
import { bitsOf, SPECIAL_VALUE_BITS } from "../support/special-values.ts";
import { compress, encodeWriteRequest, loadProto, type SeriesSpec } from "../support/write-request.ts";

const MAX_BYTES = 1 << 20;

function expand(body: Buffer): Buffer {
  const expanded = referenceCodec.uncompress(body, MAX_BYTES);
  assert.ok(expanded.ok);
  return expanded.bytes;
}

function decode(bytes: Buffer) {
  const decoded = referenceCodec.decodeWriteRequest(bytes);
  assert.ok(decoded.ok, decoded.ok ? "" : decoded.detail);
  return decoded.request;
}

describe("uncompress", () => {
  const refuses = (body: Buffer, code: string) => {
    const result = referenceCodec.uncompress(body, MAX_BYTES);
    assert.equal(result.ok ? "accepted" : result.code, code);
  };

  test("gives back what was compressed, with short and long literals and copies", () => {
    const random = createRandom();
    for (const size of [0, 1, 59, 60, 61, 62, 255, 256, 65_535, 65_536, 65_537, 300_000]) {
      const noise = Buffer.from(Array.from({ length: size }, () => random.below(256)));
      assert.deepEqual(expand(compress(noise)), noise, `${size} bytes, seed ${random.seed}`);
      const repetitive = Buffer.from("abcdefgh".repeat(size / 8 + 1));
      assert.deepEqual(expand(compress(repetitive)), repetitive);
    }
  });

  test("refuses a body that is not snappy", () => {
    refuses(Buffer.alloc(0), "malformed_snappy");
    refuses(Buffer.from("not snappy at all"), "malformed_snappy");
    refuses(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), "malformed_snappy");
  });

  test("refuses a block that produces less or more than it declares: snappyjs alone would not", () => {
    const good = compress(Buffer.from("x".repeat(40)));
    refuses(Buffer.concat([Buffer.of(48), good.subarray(1)]), "malformed_snappy");
    refuses(Buffer.concat([Buffer.of(30), good.subarray(1)]), "malformed_snappy");
  });

  test("refuses copies from before the beginning and elements past the end", () => {
    refuses(Buffer.from([4, 0x01, 0x01]), "malformed_snappy");
    refuses(Buffer.from([8, 0x00, 0x61, 0x09, 0x02]), "malformed_snappy");
    refuses(Buffer.from([4, 0x0c, 0x61]), "malformed_snappy");
  });

  test("refuses a literal of 2 GB at once, which would make snappyjs walk backwards", () => {
    refuses(Buffer.from([0x80, 0x01, 0xfc, 0xff, 0xff, 0xff, 0x7f, 0x61, 0x61, 0x61]), "malformed_snappy");
    refuses(Buffer.from([0x80, 0x01, 0xfc, 0x00, 0x00, 0x00, 0xf0, 0x61, 0x61, 0x61]), "malformed_snappy");
  });

  test("refuses a declared length of 4 GB without allocating it", () => {
    refuses(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0x00, 0x61]), "body_too_large");
  });
});

describe("decodeWriteRequest", () => {
  test("keeps the bits of every value and the timestamp of every sample", () => {
    const samples = Object.values(SPECIAL_VALUE_BITS).map((value, i) => ({ timestampMs: i, value }));
    const request = decode(encodeWriteRequest([{ labels: { __name__: "m" }, samples }]));
    assert.deepEqual([...request.valueBits], Object.values(SPECIAL_VALUE_BITS));
    assert.deepEqual(
      [...request.timestampsMs],
      samples.map((sample) => sample.timestampMs),
    );
  });

  test("reads timestamps of either sign, and zero and missing fields as 0", () => {
    const times = [0, -1, -62_135_596_800_000, 2 ** 50, -(2 ** 50)];
    const samples = times.map((timestampMs) => ({ timestampMs, value: 0 }));
    const request = decode(encodeWriteRequest([{ labels: { __name__: "m" }, samples }]));
    assert.deepEqual([...request.timestampsMs], times);
    assert.deepEqual([...decode(Buffer.from("0a021200", "hex")).timestampsMs], [0]);
  });

  test("takes a million series and samples, and refuses more: two bytes in the body are a hundred in memory", () => {
    const emptySeries = (count: number) => Buffer.from("0a00".repeat(count), "hex");
    assert.equal(decode(emptySeries(MAX_ROWS)).series.length, MAX_ROWS);
    const emptySamples = (count: number) => {
      const samples = Buffer.from("1200".repeat(count), "hex");
      const length = [samples.length & 0x7f, (samples.length >> 7) & 0x7f, (samples.length >> 14) & 0x7f];
      return Buffer.concat([Buffer.from([0x0a, ...length.map((bits) => bits | 0x80), samples.length >> 21]), samples]);
    };
    assert.equal(decode(emptySamples(MAX_ROWS)).timestampsMs.length, MAX_ROWS);
    for (const bytes of [emptySeries(MAX_ROWS + 1), emptySamples(MAX_ROWS + 1)]) {
      const decoded = referenceCodec.decodeWriteRequest(bytes);
      assert.equal(decoded.ok ? "" : decoded.code, "body_too_large");
      assert.match(decoded.ok ? "" : decoded.detail, /more than 1048576 (series|samples); send it in parts/);
    }
  });

  test("agrees with a decoder made from the .proto files about random requests", () => {
    const oracle = loadProto().lookupType("prometheus.WriteRequest");
    const random = createRandom();
    for (let i = 0; i < 100; i++) {
      const bytes = encodeWriteRequest(randomSeries(random));
      const want = oracle.toObject(oracle.decode(bytes), { longs: Number, defaults: true });
      assert.deepEqual(asObject(bytes), want["timeseries"], `seed ${random.seed}`);
    }
  });

  test("reads labels that stand apart from one another", () => {
    const one = "0a080a01611203666f6f";
    const other = "0a080a01621203626172";
    const sample = "1200";
    const message = Buffer.from(`${one}${sample}${other}`, "hex");
    const request = decode(Buffer.concat([Buffer.from([0x0a, message.length]), message]));
    const labels = referenceCodec.decodeLabels(request.series.at(0)?.rawLabels ?? "");
    assert.deepEqual(labels, {
      ok: true,
      labels: [
        { name: "a", value: "foo" },
        { name: "b", value: "bar" },
      ],
    });
  });

  test("counts exemplars and histograms, and skips fields that it does not know", () => {
    const request = decode(Buffer.from("0a061a001a002200" + "10012a01ff", "hex"));
    assert.equal(request.series.at(0)?.exemplarCount, 2);
    assert.equal(request.series.at(0)?.histogramCount, 1);
  });

  const refusals: [string, string][] = [
    ["a length past the end", "0a05"],
    ["a message inside that is longer than the one around it", "0a0212ff01"],
    ["a cut varint", "0aff"],
    ["a length of more than 32 bits", "0affffffff7f"],
    ["field number 0", "0000"],
    ["a group", "0b0c"],
    ["a wire type that does not exist", "0e"],
    ["a known field of the wrong wire type", "0801"],
    ["a sample's value of the wrong wire type", "0a0412020801"],
    ["a sample's timestamp that runs past its message", "0a0412021080"],
  ];
  for (const [what, hex] of refusals) {
    test(`refuses ${what}`, () => {
      const decoded = referenceCodec.decodeWriteRequest(Buffer.from(hex, "hex"));
      assert.equal(decoded.ok ? "accepted" : decoded.code, "malformed_protobuf");
    });
  }

  test("never throws, whatever the bytes", () => {
    const random = createRandom();
    const good = encodeWriteRequest(randomSeries(random));
    for (let i = 0; i < 20_000; i++) {
      const bytes = Buffer.from(good.subarray(0, random.below(good.length + 1)));
      for (let flips = random.below(4); flips >= 0 && bytes.length > 0; flips--) {
        bytes[random.below(bytes.length)] = random.below(256);
      }
      assert.doesNotThrow(() => {
        const decoded = referenceCodec.decodeWriteRequest(bytes);
        for (const series of decoded.ok ? decoded.request.series : []) {
          referenceCodec.decodeLabels(series.rawLabels);
        }
      }, `seed ${random.seed}, round ${i}`);
    }
  });
});

describe("decodeLabels", () => {
  test("refuses bytes that are not UTF-8 instead of replacing them", () => {
    const rawLabels = Buffer.from("0a070a01611202c328", "hex").toString("latin1");
    assert.deepEqual(referenceCodec.decodeLabels(rawLabels), { ok: false, fault: "invalid_utf8" });
  });

  test("keeps a byte order mark at the beginning of a value", () => {
    const rawLabels = Buffer.from("0a090a01611204efbbbf78", "hex").toString("latin1");
    assert.deepEqual(referenceCodec.decodeLabels(rawLabels), { ok: true, labels: [{ name: "a", value: "\ufeffx" }] });
  });
});

function asObject(bytes: Buffer): unknown[] {
  const request = decode(bytes);
  return request.series.map((series) => {
    const labels = referenceCodec.decodeLabels(series.rawLabels);
    assert.ok(labels.ok);
    const rows = Array.from({ length: series.sampleCount }, (_, i) => series.firstSample + i);
    return {
      labels: labels.labels,
      samples: rows.map((row) => ({ value: valueAt(request.valueBits, row), timestamp: request.timestampsMs[row] })),
      exemplars: [],
      histograms: [],
    };
  });
}

function valueAt(bits: BigUint64Array, row: number): number {
  return new Float64Array(bits.buffer, bits.byteOffset, bits.length)[row] ?? 0;
}

function randomSeries(random: Random): SeriesSpec[] {
  const text = () => random.pick(["", "a", "job", "é☃", "x".repeat(200), "with space", '"}', "\u{1f600}"]);
  return Array.from({ length: random.below(8) }, () => ({
    labels: Array.from({ length: random.below(6) }, () => [text(), text()] as const),
    samples: Array.from({ length: random.below(4) }, () => ({
      timestampMs: random.below(2 ** 31) * random.pick([1, -1, 4096]),
      value: bitsOf(random.next() * random.pick([1, 1e300, -1e-300])),
    })),
  }));
}
