import assert from "node:assert/strict";
import { test } from "node:test";
import { SkipVerdicts } from "../../services/horizon/skip-verdicts.ts";

/** Asks for a verdict. @returns it, and whether it had to be found. */
function ask(verdicts: SkipVerdicts, number: number, namespace: string, answer: string | undefined) {
  let asked = false;
  const skippedBy = verdicts.take(number, namespace, () => {
    asked = true;
    return answer;
  });
  return [skippedBy, asked];
}

test("a verdict is found once for a series and a namespace, and remembered", () => {
  const verdicts = new SkipVerdicts();
  const cases = [
    [0, "n", "^a$"],
    [0, "m", undefined],
    [5000, "n", undefined],
    [5000, "m", "^b$"],
    [1, "n", "^a$"],
  ] as const;
  for (const [number, namespace, answer] of cases) {
    assert.deepEqual(ask(verdicts, number, namespace, answer), [answer, true]);
  }
  for (const [number, namespace, answer] of cases) {
    assert.deepEqual(ask(verdicts, number, namespace, "another"), [answer, false]);
  }
});

test("however many namespaces series are sent under, what is remembered is right, and bounded", () => {
  const verdicts = new SkipVerdicts();
  for (let i = 0; i < 250_000; i++) {
    assert.equal(
      verdicts.take(i % 100, `n${i}`, () => `entry of ${i}`),
      `entry of ${i}`,
    );
  }
  assert.ok(verdicts.size <= 200_000, `${verdicts.size} verdicts`);
  for (let i = 0; i < 250_000; i++) {
    assert.equal(
      verdicts.take(1000 + i, `m${i}`, () => `entry of ${i}`),
      `entry of ${i}`,
    );
  }
  assert.ok(verdicts.size <= 200_000, `${verdicts.size} verdicts`);
});
