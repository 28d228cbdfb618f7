import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { MAX_ROWS } from "../../services/kernel/codec.ts";
import { Kernel } from "../../services/kernel/kernel.ts";
import { encodeInKernel } from "../../services/kernel/kernel-blocks.ts";
import type { KernelExports } from "../../services/kernel/kernel-exports.ts";
import { kernelInstances } from "../../services/kernel/load-kernel.ts";
import { referenceCodec } from "../../services/kernel/reference.ts";
import { decodeBlock, encodeBlock, MAX_TIMESTAMP_MS, type SampleColumns } from "../../services/shared/block.ts";
import { createRandom } from "../support/random.ts";
import { copyOf, randomSamples } from "./support/random-samples.ts";

const crc32c = createRequire(import.meta.url)("crc-32/crc32c") as { buf(bytes: Uint8Array, seed?: number): number };
const head = { owner: { tenant: "acme", server: "eu-1", namespace: "acme.prod" }, generation: 497_000 };
const instantiate = kernelInstances();

/** What the kernel alone makes of samples. */
function encodeAlone(kernel: KernelExports, samples: SampleColumns): Buffer | undefined {
  return encodeInKernel(kernel, head, samples.ids.length, copyOf(samples));
}

function samplesAt(timestampsMs: readonly number[]): SampleColumns {
  const zeros = () => new BigUint64Array(timestampsMs.length);
  return { ids: zeros(), timestampsMs: Float64Array.from(timestampsMs), valueBits: zeros() };
}

describe("the kernel makes the same blocks as the plain encoder:", () => {
  test("of random samples, more and fewer in turn, for every length of the names before them", () => {
    const kernel = instantiate();
    const random = createRandom();
    for (let i = 0; i < 600; i++) {
      const owner = {
        tenant: "t".repeat(1 + (i % 255)),
        server: "s".repeat(1 + (i % 7)),
        namespace: "n".repeat(i % 3),
      };
      const samples = randomSamples(random.below(400), random);
      const block = encodeInKernel(kernel, { owner, generation: i }, samples.ids.length, copyOf(samples));
      assert.deepEqual(block, encodeBlock({ owner, generation: i, samples }), `seed ${random.seed}, block ${i}`);
    }
  });

  test("of times at both ends of what a block holds", () => {
    const times = [0, -0, -1, 1, MAX_TIMESTAMP_MS, -MAX_TIMESTAMP_MS, MAX_TIMESTAMP_MS, MAX_TIMESTAMP_MS, 63, 64, -64];
    const samples = samplesAt(times);
    assert.deepEqual(encodeAlone(instantiate(), samples), encodeBlock({ ...head, samples }));
  });

  test("of as many samples as a request may have, each at another time", () => {
    const samples = samplesAt(Array.from({ length: MAX_ROWS }, (_, i) => i * 2 ** 29));
    assert.deepEqual(encodeAlone(instantiate(), samples), encodeBlock({ ...head, samples }));
  });
});

test("the checksum of a block of every length is its CRC-32C", () => {
  const kernel = instantiate();
  const random = createRandom();
  for (let namespaceBytes = 0; namespaceBytes < 40; namespaceBytes++) {
    const owner = { ...head.owner, namespace: "n".repeat(namespaceBytes) };
    const block = encodeInKernel(kernel, { ...head, owner }, 3, copyOf(randomSamples(3, random)));
    assert.ok(block);
    const body = block.subarray(0, block.length - 4);
    assert.equal(block.readInt32LE(body.length), crc32c.buf(body, 0), `${body.length} bytes`);
    assert.equal(decodeBlock(block).ok, true);
  }
});

test("a block stays as it is when the next one is made", () => {
  const kernel = instantiate();
  const first = encodeAlone(kernel, samplesAt([1, 2, 3]));
  const copy = Buffer.from(first ?? []);
  encodeAlone(kernel, samplesAt([7, 8, 9]));
  assert.deepEqual(first, copy);
});

describe("the kernel leaves to the plain encoder", () => {
  for (const timestampMs of [MAX_TIMESTAMP_MS + 1, -MAX_TIMESTAMP_MS - 1, Number.NaN, Number.POSITIVE_INFINITY]) {
    test(`samples of which one is at ${timestampMs}`, () =>
      assert.equal(encodeAlone(instantiate(), samplesAt([5, 5, timestampMs, 5])), undefined));
  }

  test("more samples than a request may have, and longer names", () => {
    const kernel = instantiate();
    assert.equal(kernel.columnsAt(MAX_ROWS + 1, 40), 0);
    assert.equal(kernel.columnsAt(2 ** 32 - 1, 40), 0);
    assert.equal(kernel.columnsAt(1, 2 ** 32 - 1), 0);
  });
});

describe("an instance that fails at a block", () => {
  for (const broken of ["columnsAt", "writeBlock"] as const) {
    test(`in ${broken} is thrown away, and the block is made all the same`, () => {
      const failures: unknown[] = [];
      let instances = 0;
      const trap = () => {
        throw new Error("unreachable");
      };
      const kernel = new Kernel({
        instantiate: () => (instances++ === 0 ? { ...instantiate(), [broken]: trap } : instantiate()),
        reference: referenceCodec,
        fillRandom: (bytes) => bytes.fill(7),
        onFailure: (error) => failures.push(error),
      });
      const samples = randomSamples(50, createRandom());
      for (let i = 0; i < 2; i++) {
        assert.deepEqual(kernel.encodeBlock(head, 50, copyOf(samples)), encodeBlock({ ...head, samples }));
      }
      assert.equal(failures.length, 1);
      assert.equal(kernel.incarnation, 1);
    });
  }
});
