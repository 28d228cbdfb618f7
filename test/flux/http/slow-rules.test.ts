import assert from "node:assert/strict";
import { test } from "node:test";
import { writeRequestBody } from "../../support/write-request.ts";
import { recordingIntake } from "../support/post.ts";

/** Each keeps a thousand states for every character of a name that is full of `a`. */
const SLOW_PATTERNS = Array.from({ length: 13 }, (_, i) => `.*a${".".repeat(1000)}c${i}`).join(",");
const WIDE_LABELS = Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, "a".repeat(4000)]));

// Without a bound this request would keep the process busy for hours, and every other sender waiting.
test("a request whose patterns are too slow is refused, as are those that follow with the same patterns", async () => {
  const { post } = recordingIntake({
    FLUX_MAX_BODY_BYTES: "2000000",
    FLUX_MAX_UNCOMPRESSED_BYTES: "20000000",
    RULES_MAX_PATTERN_BYTES: "1100",
  });
  const names = Array.from({ length: 1000 }, (_, i) => `metric_${i}`);
  const body = writeRequestBody(
    names.map((name) => ({ labels: { __name__: name, ...WIDE_LABELS }, samples: [{ timestampMs: 1, value: 1 }] })),
  );
  const send = (dropmetrics: string) => post({ url: "/api/v1/write", headers: { dropmetrics }, payload: body });
  for (let i = 0; i < 2; i++) {
    const { status, text } = await send(SLOW_PATTERNS);
    assert.equal(status, 400);
    assert.match(text, /^\{"code":400,"message":"bad_rules: .* their patterns take too long; /);
  }
  assert.equal((await send("^metric_1")).status, 204);
});

const LONG_NAME = `${"a".repeat(10_000)}!`;
const withLabel = writeRequestBody([
  { labels: { __name__: "up", path: LONG_NAME }, samples: [{ timestampMs: 1, value: 1 }] },
]);
const LONG = {
  FLUX_MAX_BODY_BYTES: "20000",
  FLUX_MAX_UNCOMPRESSED_BYTES: "20000",
  FLUX_MAX_LABEL_VALUE_BYTES: "20000",
};
const TEN_THOUSAND = Array.from({ length: 10_000 }, (_, i) => `^metric_${i}_(total|sum){.*`);

// With a backtracking engine the first would run for longer than the age of the universe.
const hostile: [what: string, settings: Record<string, string>, dropmetrics: string, status: number, says: RegExp][] = [
  ["an exponential pattern against a value of 10 kB", LONG, "^.*(a+)+$", 204, /^$/],
  ["as many patterns as fit into a header", {}, "a,".repeat(8000), 400, /bad_rules: .*pattern 1001 .* is one too many/],
  [
    "ten thousand patterns of the operator's",
    { ...LONG, RULES_MAX_PATTERNS: "10001", DROP_METRICS: JSON.stringify(TEN_THOUSAND) },
    "^(a+)+$",
    204,
    /^$/,
  ],
];

for (const [what, settings, dropmetrics, status, says] of hostile) {
  test(`a request is judged at once, and told why it is refused: ${what}`, async () => {
    const { post } = recordingIntake({ FLUX_MAX_BODY_BYTES: "20000", ...settings });
    const answer = await post({ url: "/api/v1/write", headers: { dropmetrics }, payload: withLabel });
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.text, says);
  });
}
