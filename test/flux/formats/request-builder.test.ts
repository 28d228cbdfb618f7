import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestBuilder } from "../../../services/flux/formats/request-builder.ts";
import { referenceCodec } from "../../../services/kernel/reference.ts";
import { encodeWriteRequest } from "../../support/write-request.ts";

test("a built request is what the same series would be in a WriteRequest, bit for bit", () => {
  const labels = { __name__: "m", "grüße ☃": "x".repeat(300), empty: "" };
  const values = [1 / 3, -0, Number.NaN, Number.POSITIVE_INFINITY, 5e-324];
  const builder = new RequestBuilder();
  for (const [timestampMs, value] of values.entries()) {
    builder.add(
      Object.entries(labels).map(([name, text]) => ({ name, value: text })),
      timestampMs,
      value,
    );
  }
  const sent = values.map((value, timestampMs) => ({ labels, samples: [{ timestampMs, value }] }));
  const decoded = referenceCodec.decodeWriteRequest(encodeWriteRequest(sent));
  assert.deepEqual(builder.finish(), decoded.ok && decoded.request);
});
