import assert from "node:assert/strict";
import { test } from "node:test";
import { packPoints } from "../../../../services/horizon/sinks/timeseries/packed-points.ts";
import { createRandom } from "../../../support/random.ts";
import { bitsOf, numberOf } from "../../../support/special-values.ts";

/** The texts of a MessagePack array, by the specification. */
function unpack(bytes: Buffer): string[] {
  assert.equal(bytes[0], 0xdd);
  const texts: string[] = [];
  let at = 5;
  const take = (head: number, length: number) => {
    texts.push(bytes.toString("latin1", at + head, at + head + length));
    at += head + length;
  };
  while (at < bytes.length) {
    const tag = bytes.readUInt8(at);
    if (tag === 0xd9) {
      take(2, bytes.readUInt8(at + 1));
    } else if (tag === 0xda) {
      take(3, bytes.readUInt16BE(at + 1));
    } else {
      assert.equal(tag & 0xe0, 0xa0);
      take(1, tag & 0x1f);
    }
  }
  assert.equal(bytes.readUInt32BE(1), texts.length);
  return texts;
}

const series = { idText: "0123456789abcdef" };

test("every point becomes its key, its time and its value", () => {
  const points = [
    { series, storedAtMs: 0, value: 1.5 },
    { series: { idText: "fedcba9876543210" }, storedAtMs: 2 ** 50, value: -0 },
    { series, storedAtMs: 2 ** 50, value: -7 },
  ];
  for (const head of ["k.", "k".repeat(20), `${"long".repeat(100)}.`]) {
    assert.deepEqual(unpack(packPoints(Buffer.from(head), points)), [
      ...[`${head}0123456789abcdef`, "0", "1.5"],
      ...[`${head}fedcba9876543210`, "1125899906842624", "-0"],
      ...[`${head}0123456789abcdef`, "1125899906842624", "-7"],
    ]);
  }
});

test("no points are an empty array", () => {
  assert.deepEqual(unpack(packPoints(Buffer.from("k."), [])), []);
});

test("the text of a value reads back as the same 64 bits", () => {
  const random = createRandom();
  const values = [0, -0, 9, 10, 99, -100, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 1 / 3, 5e-324, Number.MAX_VALUE, -1.5e-300];
  for (let i = 0; i < 2000; i++) {
    values.push(numberOf(BigInt(random.below(2 ** 32)) * 2n ** 32n + BigInt(random.below(2 ** 32))));
    values.push(random.below(2 ** 32) - 2 ** 31, random.below(1000) - 500);
  }
  const finite = values.filter(Number.isFinite);
  const texts = unpack(
    packPoints(
      Buffer.from("k."),
      finite.map((value) => ({ series, storedAtMs: 1, value })),
    ),
  );
  for (const [i, value] of finite.entries()) {
    assert.equal(bitsOf(Number(texts[3 * i + 2])), bitsOf(value), `${value}, seed ${random.seed}`);
  }
});
