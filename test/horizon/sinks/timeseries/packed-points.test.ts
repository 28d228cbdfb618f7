import assert from "node:assert/strict";
import { test } from "node:test";
import { packPoints } from "../../../../services/horizon/sinks/timeseries/packed-points.ts";
import { PointColumns } from "../../../../services/horizon/sinks/timeseries/point-columns.ts";
import { createRandom } from "../../../support/random.ts";
import { bitsOf, numberOf } from "../../../support/special-values.ts";
import { knownSeries } from "../../support/known-series.ts";

/** The numbers of a MessagePack array, by the specification; a text is read as JavaScript reads numbers. */
function unpackValues(bytes: Buffer): number[] {
  assert.equal(bytes[0], 0xdd);
  const values: number[] = [];
  for (let at = 5; at < bytes.length; ) {
    const tag = bytes.readUInt8(at);
    if (tag === 0xcb) {
      values.push(bytes.readDoubleBE(at + 1));
      at += 9;
    } else {
      assert.equal(tag & 0xe0, 0xa0);
      const length = tag & 0x1f;
      values.push(Number(bytes.toString("latin1", at + 1, at + 1 + length)));
      at += 1 + length;
    }
  }
  assert.equal(bytes.readUInt32BE(1), values.length);
  return values;
}

function pack(points: readonly (readonly [id: bigint, storedAtMs: number, value: number])[]) {
  const columns = new PointColumns();
  for (const [id, storedAtMs, value] of points) {
    columns.push(columns.table.adopt(knownSeries(id, { __name__: "m" })), 0, storedAtMs, storedAtMs, value);
  }
  const { ids, times, values } = packPoints(columns, Int32Array.from(points.keys()));
  return { ids: ids.toString("latin1"), times, values: unpackValues(values) };
}

test("points become their ids as digits, runs of their times, and their values", () => {
  const packed = pack([
    [0x0123456789abcdefn, 0, 1.5],
    [0xfedcba9876543210n, 2 ** 50, -7],
    [1n, 2 ** 50, 0],
  ]);
  assert.deepEqual(packed, {
    ids: "0123456789abcdef" + "fedcba9876543210" + "0000000000000001",
    times: "1:0 2:1125899906842624",
    values: [1.5, -7, 0],
  });
});

test("only the rows that are named are packed, in their order", () => {
  const columns = new PointColumns();
  for (let i = 0; i < 2000; i++) {
    columns.push(columns.table.adopt(knownSeries(BigInt(i), { __name__: "m" })), 0, i % 3, i, i / 2);
  }
  const { ids, times, values } = packPoints(columns, Int32Array.of(1999, 4, 7));
  assert.equal(ids.toString("latin1"), "00000000000007cf" + "0000000000000004" + "0000000000000007");
  assert.equal(times, "3:1");
  assert.deepEqual(unpackValues(values), [999.5, 2, 3.5]);
});

test("no points are an empty array", () => {
  assert.deepEqual(pack([]), { ids: "", times: "", values: [] });
});

test("a value keeps its 64 bits, and minus zero its sign", () => {
  const random = createRandom();
  const values = [0, -0, 9, -100, 2 ** 31, 1 / 3, 5e-324, Number.MAX_VALUE, -1.5e-300];
  for (let i = 0; i < 2000; i++) {
    values.push(numberOf(BigInt(random.below(2 ** 32)) * 2n ** 32n + BigInt(random.below(2 ** 32))));
  }
  const finite = values.filter(Number.isFinite);
  const packed = pack(finite.map((value) => [1n, 1, value] as const));
  for (const [i, value] of finite.entries()) {
    assert.equal(bitsOf(packed.values[i] ?? Number.NaN), bitsOf(value), `${value}, seed ${random.seed}`);
  }
});
