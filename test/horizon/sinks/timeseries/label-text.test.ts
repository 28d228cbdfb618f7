import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeLabelText, encodeLabelText } from "../../../../services/horizon/sinks/timeseries/label-text.ts";

const table: [plain: string, encoded: string][] = [
  ["plain", "plain"],
  ["a(b)", "a%28b%29"],
  ["a,b=c", "a%2Cb%3Dc"],
  ["100%", "100%25"],
  ["%28", "%2528"],
  ["%2525", "%252525"],
  ["{\"q\"} 'x' !", "{\"q\"} 'x' !"],
  ["Grüße 日本 💥", "Grüße 日本 💥"],
  ["", ""],
  // Words that the module takes for options of TS.CREATE, wherever they stand.
  ["encoding", "%65ncoding"],
  ["Ignore", "%49gnore"],
  ["uncompressed", "%75ncompressed"],
  ["encodings", "encodings"],
];

for (const [plain, encoded] of table) {
  test(`${JSON.stringify(plain)} is held as ${JSON.stringify(encoded)} and read back`, () => {
    assert.equal(encodeLabelText(plain), encoded);
    assert.equal(decodeLabelText(encoded), plain);
  });
}
