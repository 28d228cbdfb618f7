import assert from "node:assert/strict";
import { test } from "node:test";
import { labelFieldsOf, lineKeyHead } from "../../../services/flux/formats/line-key.ts";
import { referenceCodec } from "../../../services/kernel/reference.ts";

function labelsOf(recognised: Buffer): Record<string, string> {
  const decoded = referenceCodec.decodeLabels(labelFieldsOf(recognised));
  assert.ok(decoded.ok);
  return Object.fromEntries(decoded.labels.map(({ name, value }) => [name, value]));
}

function key(head: Buffer | undefined, line: string): Buffer {
  return Buffer.concat([head ?? assert.fail("there is no head"), Buffer.from(line)]);
}

test("the labels of a plain line come out of its key, as its sender means them", () => {
  const line = "http.requests,le.x=a\\ b value";
  const plain = lineKeyHead({ adapter: "none", prefix: "é" });
  assert.deepEqual(labelsOf(key(plain, line)), { __name__: "__http_requests", le_x: "a b" });
  for (const adapter of ["v1", "v2"] as const) {
    const head = lineKeyHead({ adapter, prefix: "" });
    assert.deepEqual(labelsOf(key(head, line)), { __name__: "http.requests", "le.x": "a b" });
  }
});

test("a byte order mark within a body is part of a name", () => {
  const head = lineKeyHead({ adapter: "none", prefix: "" });
  assert.deepEqual(labelsOf(key(head, "\ufeffm v")), { __name__: "_m_v" });
});

test("label fields are given back as they are", () => {
  assert.equal(labelFieldsOf(Buffer.from("0a07ff", "hex")), "\x0a\x07\xff");
});

test("what is neither is not taken for labels", () => {
  for (const bytes of ["", "\x04\0m v", "\x01\0", "\x01\0m,a v"]) {
    assert.throws(() => labelFieldsOf(Buffer.from(bytes)), /cannot read what a series of a plain line/);
  }
});

test("a prefix that does not come out of a key as it went in has no head", () => {
  for (const prefix of ["a\0b", "\ud800", "x".repeat(2000)]) {
    assert.equal(lineKeyHead({ adapter: "none", prefix }), undefined, JSON.stringify(prefix.slice(0, 9)));
  }
});
