import assert from "node:assert/strict";
import { test } from "node:test";
import { formatValue } from "../../../services/horizon/reading/format-value.ts";
import { createRandom } from "../../support/random.ts";
import { bitsOf, numberOf } from "../../support/special-values.ts";

test("the text of a value reads back as the same 64 bits", () => {
  const random = createRandom();
  const values = [0, -0, 1 / 3, 5e-324, Number.MAX_VALUE, 0.1 + 0.2, -1e21, 123456789012345680];
  for (let i = 0; i < 2000; i++) {
    values.push(numberOf(BigInt(random.below(2 ** 32)) * 2n ** 32n + BigInt(random.below(2 ** 32))));
  }
  for (const value of values.filter(Number.isFinite)) {
    assert.equal(bitsOf(Number(formatValue(value))), bitsOf(value), `${value}, seed ${random.seed}`);
  }
});
