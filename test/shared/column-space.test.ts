import assert from "node:assert/strict";
import { test } from "node:test";
import { ColumnSpace, SpareSpaces } from "../../services/shared/column-space.ts";

/** One column of each kind, each filled with a number of its own. */
function fillColumns(space: ColumnSpace, length: number) {
  return [space.int32(length).fill(1), space.float64(length).fill(2), space.bigUint64(length).fill(3n)] as const;
}

function assertFilled(columns: ReturnType<typeof fillColumns>, length: number): void {
  assert.deepEqual(
    columns.map((column) => [column.length, new Set<number | bigint>(column)]),
    [
      [length, new Set([1])],
      [length, new Set([2])],
      [length, new Set([3n])],
    ],
  );
}

test("columns do not touch one another, whether there is room for them or not", () => {
  const space = new ColumnSpace();
  for (const length of [1, 3, 1000, 7, 1001]) {
    const [first, second] = [fillColumns(space, length), fillColumns(space, length)];
    assertFilled(first, length);
    assertFilled(second, length);
    space.clear();
  }
});

test("what is as large as what was there before has the same memory", () => {
  const space = new ColumnSpace();
  fillColumns(space, 100);
  space.clear();
  const before = fillColumns(space, 100);
  space.clear();
  const after = fillColumns(space, 100);
  assert.equal(new Set([...before, ...after].map(({ buffer }) => buffer)).size, 1);
  assert.deepEqual(
    after.map(({ byteOffset }) => byteOffset),
    before.map(({ byteOffset }) => byteOffset),
  );
  assert.notEqual(space.float64(100).buffer, before[0].buffer, "there is no more room");
});

test("a space that was given back is taken again, and no other twice", () => {
  const spaces = new SpareSpaces();
  const [first, second] = [spaces.take(), spaces.take()];
  assert.notEqual(first, second);
  spaces.giveBack(first);
  assert.equal(spaces.take(), first);
  assert.notEqual(spaces.take(), first);
});
