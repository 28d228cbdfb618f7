import assert from "node:assert/strict";
import { test } from "node:test";
import { readSeriesNames } from "../../services/command/series-names.ts";
import { referenceCodec } from "../../services/kernel/reference.ts";

/** The series of a text, as `label=value` lists. */
function namesOf(text: string): string[] {
  return readSeriesNames(text, 5).request.series.map(({ rawLabels }) => {
    const decoded = referenceCodec.decodeLabels(rawLabels);
    assert.ok(decoded.ok);
    return decoded.labels.map(({ name, value }) => `${name}=${value}`).join(" ");
  });
}

const rows: [line: string, want: string][] = [
  ["up", "__name__=up"],
  ["up{}", "__name__=up"],
  ['  up{job="a b 5"}\r', "__name__=up job=a b 5"],
  ["up 1", "__name__=up"],
  ["up 1.5e+06 1700000000000", "__name__=up"],
  ["up -Inf", "__name__=up"],
  ['up{job="a"} NaN', "__name__=up job=a"],
  ['up{job="a"}\t0 -5', "__name__=up job=a"],
  ['{__name__="a b",x="1"}', "__name__=a b x=1"],
];
for (const [line, want] of rows) {
  test(`the line ${JSON.stringify(line)} is the series ${want}`, () => {
    assert.deepEqual(namesOf(line), [want]);
  });
}

test("blank lines and comments are no series; other lines that are none are named", () => {
  const text = "# TYPE up gauge\n\nup\n  # x\nup{\n";
  assert.deepEqual(namesOf(text), ["__name__=up"]);
  const { invalid, request } = readSeriesNames(text, 5);
  assert.deepEqual(
    invalid.map(({ where }) => where),
    ["line 5"],
  );
  assert.deepEqual([...request.timestampsMs], [5]);
});
