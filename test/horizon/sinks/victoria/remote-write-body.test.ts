import assert from "node:assert/strict";
import { test } from "node:test";
import {
  encodeBody,
  encodeWriteRequest,
  seriesBytes,
} from "../../../../services/horizon/sinks/victoria/remote-write-body.ts";
import { referenceCodec } from "../../../../services/kernel/reference.ts";
import { encodeLabels } from "../../../../services/shared/label-bytes.ts";
import { SPECIAL_VALUE_BITS } from "../../../support/special-values.ts";
import { encodeWriteRequest as encodeAsASender } from "../../../support/write-request.ts";
import { labelSet } from "../../support/known-series.ts";

const labels = (given: Record<string, string>) => encodeLabels(labelSet(given));

test("a body is what a sender's protobuf library makes of the same samples", () => {
  const long = "ü".repeat(9000);
  const columns = {
    timestampsMs: Float64Array.of(0, -1, 2 ** 50, -(2 ** 50), 127, 128, 1_700_000_000_123),
    valueBits: BigUint64Array.of(1n, 2n, 3n, 4n, 5n, 6n, 7n),
  };
  const series = [
    { series: { labelBytes: labels({ __name__: "a", x: long }) }, first: 0, count: 3 },
    { series: { labelBytes: labels({ __name__: "b", 日本: "💥" }) }, first: 3, count: 2 },
    { series: { labelBytes: labels({ __name__: "c" }) }, first: 5, count: 2 },
  ];
  const message = encodeWriteRequest(series, columns);
  const sample = (position: number) => ({
    timestampMs: columns.timestampsMs[position] ?? 0,
    value: columns.valueBits[position] ?? 0n,
  });
  // A library leaves out fields that are zero; timestamp 0 is the only one here.
  const asASender = encodeAsASender([
    { labels: { __name__: "a", x: long }, samples: [sample(0), sample(1), sample(2)] },
    { labels: { __name__: "b", 日本: "💥" }, samples: [sample(3), sample(4)] },
    { labels: { __name__: "c" }, samples: [sample(5), sample(6)] },
  ]);
  const read = (bytes: Buffer) => {
    const decoded = referenceCodec.decodeWriteRequest(bytes);
    assert.ok(decoded.ok);
    return {
      series: decoded.request.series.map(({ rawLabels, sampleCount }) => ({ rawLabels, sampleCount })),
      timestampsMs: [...decoded.request.timestampsMs],
      valueBits: [...decoded.request.valueBits],
    };
  };
  assert.deepEqual(read(message), read(asASender));
  assert.equal(
    series.reduce((sum, one) => sum + seriesBytes(one, columns), 0),
    message.length,
  );
});

test("every value keeps its 64 bits, through snappy too", () => {
  const bits = Object.values(SPECIAL_VALUE_BITS);
  const columns = {
    timestampsMs: Float64Array.from(bits.keys()),
    valueBits: BigUint64Array.from(bits),
  };
  const body = encodeBody(
    [{ series: { labelBytes: labels({ __name__: "m" }) }, first: 0, count: bits.length }],
    columns,
  );
  const expanded = referenceCodec.uncompress(body, 1_000_000);
  assert.ok(expanded.ok);
  const decoded = referenceCodec.decodeWriteRequest(expanded.bytes);
  assert.ok(decoded.ok);
  assert.deepEqual([...decoded.request.valueBits], bits);
  assert.deepEqual([...decoded.request.timestampsMs], [...bits.keys()]);
});

test("a body without samples is one zero byte", () => {
  const body = encodeBody([], { timestampsMs: new Float64Array(0), valueBits: new BigUint64Array(0) });
  assert.deepEqual([...body], [0]);
});
