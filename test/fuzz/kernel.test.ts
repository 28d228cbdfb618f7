import assert from "node:assert/strict";
import { test } from "node:test";
import { loadKernel } from "../../services/kernel/load-kernel.ts";
import { referenceCodec } from "../../services/kernel/reference.ts";
import { createSeriesHasher } from "../../services/shared/series-id.ts";
import { labelsOneByOne } from "../kernel/support/labels-one-by-one.ts";
import { readResult } from "../kernel/support/read-result.ts";
import { createRandom } from "../support/random.ts";
import { corruptWriteRequest } from "./inputs/remote-write.ts";

const INPUTS = 100_000;
const MAX_BYTES = 1 << 20;
const OWNER = { tenant: "acme", server: "1", ruledLabels: [] };
const hasher = await createSeriesHasher();

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
  let named = 0;
  for (let number = 0; number < INPUTS; number++) {
    const { body } = corruptWriteRequest(random);
    const input = `input ${number}, seed ${random.seed}`;
    alone++;
    const read = kernel.readWriteRequest(body, MAX_BYTES);
    assert.deepEqual(readResult(read), readResult(referenceCodec.readWriteRequest(body, MAX_BYTES)), input);
    for (const series of read.ok ? read.request.series : []) {
      const stored = kernel.storedLabels(series, OWNER);
      if (stored) {
        named++;
        const labelBytes = Buffer.from(stored.labelBytes).toString("hex");
        assert.deepEqual({ ...stored, labelBytes }, labelsOneByOne(series.rawLabels, OWNER, hasher), input);
      }
    }
  }
  t.diagnostic(`${alone} were read by the kernel alone, and ${named} series named; seed ${random.seed}`);
  assert.ok(alone > INPUTS / 10 && named > INPUTS / 10, `the kernel read only ${alone} and named only ${named}`);
});
