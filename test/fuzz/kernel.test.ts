import assert from "node:assert/strict";
import { test } from "node:test";
import { loadKernel } from "../../services/kernel/load-kernel.ts";
import { referenceCodec } from "../../services/kernel/reference.ts";
import { readResult } from "../kernel/support/read-result.ts";
import { createRandom } from "../support/random.ts";
import { corruptWriteRequest } from "./inputs/remote-write.ts";

const INPUTS = 100_000;
const MAX_BYTES = 1 << 20;

test(`${INPUTS} corrupt requests mean the same to the kernel and to the reference, to the bit and to the word`, (t) => {
  const random = createRandom();
  let alone = 0;
  const reference = {
    ...referenceCodec,
    readWriteRequest: (body: Buffer, maxBytes: number) => {
      alone--;
      return referenceCodec.readWriteRequest(body, maxBytes);
    },
  };
  const kernel = loadKernel((error) => assert.fail(String(error)), reference);
  for (let number = 0; number < INPUTS; number++) {
    const { body } = corruptWriteRequest(random);
    alone++;
    assert.deepEqual(
      readResult(kernel.readWriteRequest(body, MAX_BYTES)),
      readResult(referenceCodec.readWriteRequest(body, MAX_BYTES)),
      `input ${number}, seed ${random.seed}`,
    );
  }
  t.diagnostic(`${alone} of them were read by the kernel alone; seed ${random.seed}`);
  assert.ok(alone > INPUTS / 10, `only ${alone} were read by the kernel alone`);
});
