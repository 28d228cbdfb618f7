import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace } from "../../../services/horizon/reading/pace.ts";
import { recentAnswer, refusedAnswer } from "../../../services/horizon/reading/recent-answer.ts";

const pace = () => new Pace(new AbortController().signal, () => 0);

test("an answer is that of query_range, with every bit of each value", async () => {
  const labels = [
    { name: "__name__", value: "up" },
    { name: "__proto__", value: '"' },
  ];
  const points = [
    { timestampMs: 1_769_860_800_123, value: -0 },
    { timestampMs: 1_769_860_801_000, value: 0.1 + 0.2 },
    { timestampMs: 0, value: 5e-324 },
  ];
  assert.equal(
    await recentAnswer([{ labels, points }], [], pace()),
    '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up","__proto__":"\\""},' +
      '"values":[[1769860800.123,"-0"],[1769860801,"0.30000000000000004"],[0,"5e-324"]]}]}}',
  );
});

test("what is not in an answer is said beside it, and a refusal says why", async () => {
  assert.deepEqual(JSON.parse(await recentAnswer([], ["a", "b"], pace())), {
    status: "success",
    data: { resultType: "matrix", result: [] },
    warnings: ["a", "b"],
  });
  assert.deepEqual(JSON.parse(refusedAnswer("bad_data", 'no "x"')), {
    status: "error",
    errorType: "bad_data",
    error: 'no "x"',
  });
});
