import assert from "node:assert/strict";
import { test } from "node:test";
import { fromWireLabels, toWireLabels } from "../../services/horizon/wire-labels.ts";
import { encodeLabels } from "../../services/shared/label-bytes.ts";
import { encodeWriteRequest } from "../support/write-request.ts";
import { labelSet } from "./support/known-series.ts";

const SETS: readonly Readonly<Record<string, string>>[] = [
  { __name__: "up" },
  { __name__: "a", empty: "", job: "node" },
  { __name__: "m", 日本: "💥", long: "x".repeat(126), longer: "y".repeat(127), longest: "z".repeat(40_000) },
];

test("labels get the form that a sender's protobuf library gives them, and are taken back", () => {
  for (const labels of SETS) {
    const labelBytes = encodeLabels(labelSet(labels));
    const wire = toWireLabels(labelBytes);
    // A library leaves out empty values.
    if (!("empty" in labels)) {
      const message = encodeWriteRequest([
        { labels: labelSet(labels).map(({ name, value }) => [name, value] as const), samples: [] },
      ]);
      assert.deepEqual(wire, message.subarray(message.length - (wire?.length ?? 0)));
    }
    assert.deepEqual(fromWireLabels(wire ?? Buffer.alloc(0)), labelBytes);
  }
});

test("no labels are no bytes", () => {
  assert.deepEqual(toWireLabels(Buffer.alloc(0)), Buffer.alloc(0));
  assert.deepEqual(fromWireLabels(Buffer.alloc(0)), Buffer.alloc(0));
});

test("bytes that are no labels have no wire form", () => {
  const whole = encodeLabels(labelSet({ __name__: "up", job: "node" }));
  for (const end of [1, 3, 9, 10, 11, 13, 17, whole.length - 1]) {
    const cut = whole.subarray(0, end);
    assert.equal(toWireLabels(cut), undefined, `${end} of ${whole.length} bytes`);
  }
  assert.equal(toWireLabels(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0])), undefined);
});
