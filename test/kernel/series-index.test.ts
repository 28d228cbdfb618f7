import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Kernel } from "../../services/kernel/kernel.ts";
import { kernelInstances, loadKernel } from "../../services/kernel/load-kernel.ts";
import { referenceCodec } from "../../services/kernel/reference.ts";
import { NONE, type SeriesIndex } from "../../services/kernel/series-index.ts";
import { TextSeriesIndex } from "../../services/kernel/text-series-index.ts";
import { createRandom } from "../support/random.ts";
import { writeRequestBody } from "../support/write-request.ts";
import { raw, requestOf } from "./support/request-of.ts";

const onFailure = (error: unknown) => assert.fail(String(error));
const indexes: Readonly<Record<string, () => SeriesIndex>> = {
  "on maps": () => new TextSeriesIndex(),
  "in WebAssembly": () => loadKernel(onFailure),
};

for (const [name, createIndex] of Object.entries(indexes)) {
  describe(`the series index ${name}`, () => {
    test("numbers what is new from 0 on, and tells streams apart", () => {
      const index = createIndex();
      assert.deepEqual([...index.numberOne(1, raw("a"))], [0, NONE]);
      assert.deepEqual([...index.numberAll(1, requestOf(["", "a", ""]))], [1, NONE, 0, NONE, 1, NONE]);
      assert.deepEqual([...index.numberOne(2, raw("a"))], [2, NONE]);
      assert.deepEqual([...index.numberAll(1, requestOf(["a", "b", ""]))], [0, NONE, 3, NONE, 1, NONE]);
      assert.deepEqual([...index.numberOne(2, raw("a"))], [2, NONE]);
      assert.deepEqual([...index.numberOne(2, raw(""))], [4, NONE]);
    });

    test("moves what is met in the old half, and forgets the rest of it", () => {
      const index = createIndex();
      index.numberAll(1, requestOf(["a", "b", "c"]));
      index.turnHalves();
      assert.deepEqual([...index.numberAll(1, requestOf(["c", "c", "d"]))], [0, 2, 0, NONE, 1, NONE]);
      index.turnHalves();
      assert.deepEqual([...index.numberAll(1, requestOf(["a", "b", "c"]))], [0, NONE, 1, NONE, 2, 0]);
      index.forgetAll();
      assert.deepEqual([...index.numberOne(1, raw("c"))], [0, NONE]);
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
    if (!young.has(key)) {
      young.set(key, young.size);
    }
    const found = [...index.numberOne(stream, raw(text))];
    assert.deepEqual(found, [young.get(key), before ?? NONE], `step ${step}, seed ${random.seed}`);
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
  const numbers = read.request.series.map((series) => kernel.numberOne(1, series)[0]);
  assert.deepEqual(numbers, [...labels.keys()]);
  assert.deepEqual(
    [...kernel.numberAll(1, read.request)].filter((_, i) => i % 2 === 0),
    numbers,
  );
  const texts = read.request.series.map(({ rawLabels }) => rawLabels);
  assert.deepEqual(
    [...kernel.numberAll(1, requestOf(texts))].filter((_, i) => i % 2 === 0),
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
    assert.deepEqual([...kernel.numberOne(1, raw(text))], [i, NONE]);
  }
  assert.deepEqual(
    [...kernel.numberAll(1, requestOf(different))].filter((_, i) => i % 2 === 0),
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
      kernel.numberOne(1, raw(`${half} ${i} ${"x".repeat(300)}`));
    }
    kernel.turnHalves();
    sizes.push(exports.memory.buffer.byteLength);
  }
  assert.equal(new Set(sizes.slice(12)).size, 1, `bytes of memory after each half: ${sizes.join(", ")}`);
});
