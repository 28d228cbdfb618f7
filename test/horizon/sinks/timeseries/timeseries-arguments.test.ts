import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createArguments,
  formatValue,
  labelWords,
} from "../../../../services/horizon/sinks/timeseries/timeseries-arguments.ts";
import { createRandom } from "../../../support/random.ts";
import { bitsOf, numberOf } from "../../../support/special-values.ts";
import { labelSet } from "../../support/known-series.ts";

test("TS.CREATE gets retention, chunk size, policy and encoded labels, and no empty one", () => {
  const labels = labelSet({ __name__: "m", path: "/a(b),c", empty: "", "odd=name": "1" });
  assert.deepEqual(createArguments("k", labels, { retentionMs: 60_000, chunkBytes: 128 }), [
    ...["k", "RETENTION", "60000", "CHUNK_SIZE", "128", "DUPLICATE_POLICY", "LAST"],
    ...["LABELS", "__name__", "m", "odd%3Dname", "1", "path", "/a%28b%29%2Cc"],
  ]);
});

test("label words are what RedisTimeSeries holds of labels", () => {
  assert.deepEqual(labelWords(labelSet({ b: "encoding", a: "1=2", empty: "" })), ["a", "1%3D2", "b", "%65ncoding"]);
});

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
