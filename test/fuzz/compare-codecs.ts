import assert from "node:assert/strict";
import type { ReadWriteRequest } from "../../services/kernel/codec.ts";
import type { Kernel } from "../../services/kernel/kernel.ts";
import { loadKernel } from "../../services/kernel/load-kernel.ts";
import { referenceCodec } from "../../services/kernel/reference.ts";
import { encodeBlock } from "../../services/shared/block.ts";
import { createSeriesHasher } from "../../services/shared/series-id.ts";
import { labelsOneByOne } from "../kernel/support/labels-one-by-one.ts";
import { copyOf, randomSamples } from "../kernel/support/random-samples.ts";
import { readResult } from "../kernel/support/read-result.ts";
import { recordRow } from "../kernel/support/record-row.ts";
import type { Random } from "../support/random.ts";
import { corruptWriteRequest } from "./inputs/remote-write.ts";

const MAX_BYTES = 1 << 20;
const OWNER = { tenant: "acme", server: "1", ruledLabels: [] };

/**
 * Gives corrupt requests to the kernel and to the reference.
 * @returns how many the kernel read by itself, and how many series it named. @throws at the first difference: of
 * verdicts, reasons, words, labels, ids, bits, or bytes of the block that the samples make.
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
    compareBlocks(kernel, random, read, input);
    for (const [position, series] of read.ok ? read.request.series.entries() : []) {
      const made = read.ok ? recordRow(kernel, read.request, position, OWNER) : undefined;
      if (made) {
        named++;
        assert.deepEqual(made, labelsOneByOne(series.rawLabels, OWNER, hasher), input);
      }
    }
  }
  return { alone, named };
}

function compareBlocks(kernel: Kernel, random: Random, read: ReadWriteRequest, input: string): void {
  if (read.ok) {
    const { timestampsMs, valueBits } = read.request;
    const { ids } = randomSamples(timestampsMs.length, random);
    const samples = { ids, timestampsMs, valueBits };
    const head = { owner: { ...OWNER, namespace: "" }, generation: random.below(2 ** 32) };
    const block = kernel.encodeBlock(head, ids.length, copyOf(samples));
    assert.ok(block.equals(encodeBlock({ ...head, samples })), `the block of ${input}`);
  }
}
