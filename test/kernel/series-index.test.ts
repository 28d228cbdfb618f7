import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DecodedWriteRequest, RawSeries } from "../../services/kernel/codec.ts";
import { Kernel } from "../../services/kernel/kernel.ts";
import { kernelInstances, loadKernel } from "../../services/kernel/load-kernel.ts";
import { referenceCodec } from "../../services/kernel/reference.ts";
import { NONE, type SeriesIndex } from "../../services/kernel/series-index.ts";
import { TextSeriesIndex } from "../../services/kernel/text-series-index.ts";
import { createRandom } from "../support/random.ts";
import { writeRequestBody } from "../support/write-request.ts";

const onFailure = (error: unknown) => assert.fail(String(error));
const indexes: Readonly<Record<string, () => SeriesIndex>> = {
  "on maps": () => new TextSeriesIndex(),
  "in WebAssembly": () => loadKernel(onFailure),
};

function raw(rawLabels: string): RawSeries {
  return { rawLabels, firstSample: 0, sampleCount: 1, histogramCount: 0, exemplarCount: 0 };
}

function requestOf(texts: readonly string[]): DecodedWriteRequest {
  return {
    series: texts.map(raw),
    hasOneSampleEach: true,
    labelBytes: 0,
    timestampsMs: new Float64Array(0),
    valueBits: new BigUint64Array(0),
    metadata: [],
    unreadMetadata: { invalid: 0, overLimit: 0 },
  };
}

for (const [name, createIndex] of Object.entries(indexes)) {
  describe(`the series index ${name}`, () => {
    test("numbers what is new from 0 on, and tells streams apart", () => {
      const index = createIndex();
      assert.deepEqual([...index.find(1, raw("a"))], [NONE, NONE]);
      assert.equal(index.add(1, raw("a")), 0);
      assert.equal(index.add(1, raw("")), 1);
      assert.equal(index.add(2, raw("a")), 2);
      assert.deepEqual([...index.findAll(1, requestOf(["a", "b", ""]))], [0, NONE, NONE, NONE, 1, NONE]);
      assert.deepEqual([...index.find(2, raw("a"))], [2, NONE]);
      assert.deepEqual([...index.find(2, raw(""))], [NONE, NONE]);
    });

    test("moves what is met in the old half, and forgets the rest of it", () => {
      const index = createIndex();
      for (const text of ["a", "b", "c"]) {
        index.add(1, raw(text));
      }
      index.turnHalves();
      assert.deepEqual([...index.findAll(1, requestOf(["c", "c", "d"]))], [0, 2, 0, NONE, NONE, NONE]);
      index.turnHalves();
      assert.deepEqual([...index.findAll(1, requestOf(["a", "b", "c"]))], [NONE, NONE, NONE, NONE, 0, 0]);
      index.forgetAll();
      assert.deepEqual([...index.find(1, raw("c"))], [NONE, NONE]);
      assert.equal(index.add(1, raw("z")), 0);
    });

    test("does what a map would do, whatever is looked up, added and forgotten", () => compareWithMaps(createIndex()));
  });
}

function compareWithMaps(index: SeriesIndex): void {
  const random = createRandom();
  let young = new Map<string, number>();
  let old = new Map<string, number>();
  for (let step = 0; step < 20_000; step++) {
    const stream = 1 + random.below(3);
    const text = "\xff\x00z".repeat(random.below(40)) + random.below(3000);
    const key = `${stream} ${text}`;
    const before = young.has(key) ? undefined : old.get(key);
    if (before !== undefined) {
      young.set(key, young.size);
    }
    const known = young.get(key);
    const found = [...index.find(stream, raw(text))];
    assert.deepEqual(found, [known ?? NONE, before ?? NONE], `step ${step}, seed ${random.seed}`);
    if (known === undefined) {
      assert.equal(index.add(stream, raw(text)), young.size);
      young.set(key, young.size);
    }
    if (young.size === 1500) {
      index.turnHalves();
      [old, young] = [young, new Map()];
    }
  }
}

test("the kernel finds a series by the bytes of a request and by its text alike", () => {
  const kernel = loadKernel(onFailure);
  const labels = Array.from({ length: 100 }, (_, i) => ({
    __name__: "up",
    instance: `host-${i}`,
    path: "x".repeat(i),
  }));
  const body = writeRequestBody(labels.map((one) => ({ labels: one, samples: [{ timestampMs: 1, value: 1 }] })));
  const read = kernel.readWriteRequest(body, 1 << 20);
  assert.ok(read.ok);
  const numbers = read.request.series.map((series) => kernel.add(1, series));
  assert.deepEqual(numbers, [...labels.keys()]);
  assert.deepEqual(
    [...kernel.findAll(1, read.request)].filter((_, i) => i % 2 === 0),
    numbers,
  );
  const texts = read.request.series.map(({ rawLabels }) => rawLabels);
  assert.deepEqual(
    [...kernel.findAll(1, requestOf(texts))].filter((_, i) => i % 2 === 0),
    numbers,
  );
});

test("label sets that differ in one bit, or by where they end, have different numbers", () => {
  const kernel = loadKernel(onFailure);
  const texts = [""];
  for (let length = 1; length <= 2100; length += length < 64 ? 1 : 97) {
    const text = Buffer.alloc(length, 0);
    texts.push(text.toString("latin1"));
    for (const at of [0, length >> 1, length - 1]) {
      for (const bit of [1, 128]) {
        text[at] = bit;
        texts.push(text.toString("latin1"));
        text[at] = 0;
      }
    }
  }
  const different = [...new Set(texts)];
  for (const [i, text] of different.entries()) {
    assert.deepEqual([...kernel.find(1, raw(text))], [NONE, NONE], `text ${i}`);
    assert.equal(kernel.add(1, raw(text)), i);
  }
  assert.deepEqual(
    [...kernel.findAll(1, requestOf(different))].filter((_, i) => i % 2 === 0),
    [...different.keys()],
  );
});

test("the kernel's memory stays where it is when series come and go", () => {
  const exports = kernelInstances()();
  const kernel = new Kernel({
    instantiate: () => exports,
    reference: referenceCodec,
    fillRandom: (bytes) => bytes.fill(7),
    onFailure,
  });
  const sizes: number[] = [];
  for (let half = 0; half < 24; half++) {
    for (let i = 0; i < 5000; i++) {
      kernel.add(1, raw(`${half} ${i} ${"x".repeat(300)}`));
    }
    kernel.turnHalves();
    sizes.push(exports.memory.buffer.byteLength);
  }
  assert.equal(new Set(sizes.slice(12)).size, 1, `bytes of memory after each half: ${sizes.join(", ")}`);
});
