import assert from "node:assert/strict";
import { test } from "node:test";
import { generationsToForget, type NeededGenerations } from "../../services/horizon/generations.ts";

const existing = [10, 11, 12, 13, 14, 15];
const nobody: NeededGenerations = { current: 15, claims: [], parked: Number.POSITIVE_INFINITY, unclaimed: undefined };

const table: [name: string, Partial<NeededGenerations>, number[]][] = [
  ["nobody needs any but the present one", {}, [10, 11, 12, 13]],
  ["an old claim needs one", { claims: [14, 12] }, [10]],
  ["a parked block needs one", { parked: 13 }, [10, 11]],
  ["a block that nobody has claimed needs one", { unclaimed: 14 }, [10, 11, 12]],
  ["it is not known what the parked blocks need", { parked: undefined }, []],
  ["a claim does not say what it needs", { claims: [0] }, []],
];

for (const [name, needed, want] of table) {
  test(`generations, when ${name}`, () => {
    assert.deepEqual(generationsToForget(existing, { ...nobody, ...needed }), want);
  });
}
