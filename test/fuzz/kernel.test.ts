import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../support/random.ts";
import { compareCodecs } from "./compare-codecs.ts";

const INPUTS = 100_000;

test(`${INPUTS} corrupt requests mean the same to the kernel and to the reference, to the bit and to the word`, async (t) => {
  const random = createRandom();
  const { alone, named } = await compareCodecs(INPUTS, random);
  t.diagnostic(`${alone} were read by the kernel alone, and ${named} series named; seed ${random.seed}`);
  assert.ok(alone > INPUTS / 10 && named > INPUTS / 10, `the kernel read only ${alone} and named only ${named}`);
});
