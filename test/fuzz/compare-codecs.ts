import assert from "node:assert/strict";
import { loadKernel } from "../../services/kernel/load-kernel.ts";
import { referenceCodec } from "../../services/kernel/reference.ts";
import { createSeriesHasher } from "../../services/shared/series-id.ts";
import { labelsOneByOne } from "../kernel/support/labels-one-by-one.ts";
import { readResult } from "../kernel/support/read-result.ts";
import type { Random } from "../support/random.ts";
import { corruptWriteRequest } from "./inputs/remote-write.ts";

const MAX_BYTES = 1 << 20;
const OWNER = { tenant: "acme", server: "1", ruledLabels: [] };

/**
 * Gives corrupt requests to the kernel and to the reference.
 * @returns how many the kernel read by itself, and how many series it named. @throws at the first difference: of
 * verdicts, reasons, words, labels, ids or bits.
 */
export async function compareCodecs(inputs: number, random: Random): Promise<{ alone: number; named: number }> {
  const hasher = await createSeriesHasher();
  let alone = 0;
  let named = 0;
  const reference = {
    ...referenceCodec,
    readWriteRequest: (body: Buffer, maxBytes: number) => {
      alone--;
      return referenceCodec.readWriteRequest(body, maxBytes);
    },
  };
  const kernel = loadKernel((error) => assert.fail(String(error)), reference);
  for (let number = 0; number < inputs; number++) {
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
  return { alone, named };
}
