import assert from "node:assert/strict";
import { test } from "node:test";
import { NONE } from "../../services/horizon/id-index.ts";
import { labelsOf } from "../../services/horizon/known-series.ts";
import { SeriesTable } from "../../services/horizon/series-table.ts";
import { createRandom } from "../support/random.ts";
import { knownSeries } from "./support/known-series.ts";

test("any series are found by their ids, in any order, however many there are", () => {
  const random = createRandom();
  const table = new SeriesTable();
  const ids = Array.from({ length: 5000 }, (_, i) => BigInt.asUintN(64, BigInt(i + 1) * 0x9e3779b97f4a7c15n));
  const numbers = new Map(ids.map((id, i) => [id, table.adopt(knownSeries(id, { __name__: `m${i}` }))]));
  const asked = Array.from({ length: 20_000 }, (_, i) => (random.below(3) > 0 ? ids[i % 5000] : BigInt(i)) ?? 0n);
  const found = table.numbersOf(BigUint64Array.from(asked));
  assert.deepEqual(
    [...found],
    asked.map((id) => numbers.get(id) ?? NONE),
    `seed ${random.seed}`,
  );
  for (const number of [0, 1, 1023, 1024, 4999]) {
    assert.equal(table.at(number).id, ids[number]);
    assert.deepEqual(labelsOf(table.at(number)), [{ name: "__name__", value: `m${number}` }]);
  }
  assert.throws(() => table.at(5000), /cannot find series 5000: the table has 5000/);
});

test("series of another table are the same ones here, and those that are not known are added", () => {
  const [one, other] = [new SeriesTable(), new SeriesTable()];
  const series = ["a", "b", "c"].map((name, i) => knownSeries(BigInt(i + 1), { __name__: name }));
  const [a = assert.fail(), b = assert.fail(), c = assert.fail()] = series;
  one.adopt(b);
  const theirs = Int32Array.of(other.adopt(c), other.adopt(b), other.adopt(a), other.adopt(c));
  const ours = one.adoptAll(other, theirs);
  assert.deepEqual(
    Array.from(ours, (number) => one.at(number).id),
    [3n, 2n, 1n, 3n],
  );
  assert.equal(one.size, 3);
  assert.equal(one.adopt(knownSeries(2n, { __name__: "b" })), ours[1], "the same labels in another place");
});

test("a series whose id has come to another one is not taken for it", () => {
  const [before, after] = [new SeriesTable(), new SeriesTable()];
  const old = before.adopt(knownSeries(1n, { __name__: "old" }));
  after.adopt(knownSeries(1n, { __name__: "new" }));
  const [number = NONE] = after.adoptAll(before, Int32Array.of(old));
  assert.deepEqual(labelsOf(after.at(number)), [{ name: "__name__", value: "old" }]);
  assert.deepEqual(labelsOf(after.at(after.find(1n))), [{ name: "__name__", value: "new" }]);
});
