import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { encodeLabelText } from "../../../../services/horizon/sinks/timeseries/label-text.ts";
import { digestOfLabels, packSeries } from "../../../../services/horizon/sinks/timeseries/stored-words.ts";
import { encodeLabels } from "../../../../services/shared/label-bytes.ts";
import type { LabelSet } from "../../../../services/shared/series.ts";
import { createRandom } from "../../../support/random.ts";
import { labelSet } from "../../support/known-series.ts";

/** The same, by way of texts. RedisTimeSeries refuses empty values. */
function labelWords(labels: LabelSet): string[] {
  return labels
    .filter(({ value }) => value !== "")
    .flatMap(({ name, value }) => [encodeLabelText(name), encodeLabelText(value)]);
}

/** The texts of a MessagePack array, by the specification. */
function unpack(bytes: Buffer): string[] {
  assert.equal(bytes[0], 0xdd);
  const texts: string[] = [];
  for (let at = 5; at < bytes.length; ) {
    assert.equal(bytes[at], 0xdb);
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    texts.push(bytes.toString("utf8", at + 5, end));
    at = end;
  }
  assert.equal(bytes.readUInt32BE(1), texts.length);
  return texts;
}

function assertWords(labels: LabelSet, detail?: string) {
  const words = labelWords(labels);
  const bytes = encodeLabels(labels);
  assert.deepEqual(unpack(packSeries("a key: ключ", bytes)), ["a key: ключ", ...words], detail);
  assert.equal(digestOfLabels(bytes), createHash("sha1").update(words.join("\n")).digest("hex"), detail);
}

test("labels of all kinds become the words that their texts become", () => {
  assertWords(labelSet({ __name__: "m", path: "/a(b),c=%", empty: "", "odd=name": "1", ключ: "値\n" }));
  assertWords(labelSet({ a: "encoding", b: "LABELS", c: "Chunk_Size", labels: "retentio", d: "on_duplicate " }));
  assertWords(labelSet({ a: "chun\u212a_size", b: "x".repeat(70_000), c: "(".repeat(200) }));
  assertWords([]);
});

test("empty values are left out, and what the module would not take is encoded", () => {
  const packed = packSeries("k", encodeLabels(labelSet({ b: "encoding", a: "1=2", empty: "" })));
  assert.deepEqual(unpack(packed), ["k", "a", "1%3D2", "b", "%65ncoding"]);
});

test("any labels become the words that their texts become", () => {
  const random = createRandom();
  const texts = ["", "a", "labels", "IGNORE", "(", ")", ",", "=", "%", "é", "値", "\n", "b c", "ſ", "\u{1f600}"];
  const text = () => Array.from({ length: random.below(4) }, () => texts[random.below(texts.length)]).join("");
  for (let i = 0; i < 2000; i++) {
    const labels = Object.fromEntries(Array.from({ length: random.below(6) }, () => [`n${text()}`, text()]));
    assertWords(labelSet(labels), `seed ${random.seed}`);
  }
});
