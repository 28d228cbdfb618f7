import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RegexBudget } from "../../services/shared/regex-budget.ts";

/** A budget, and a match of so many characters that takes so long. */
function budgetWithClocks(cpuShare = 1) {
  let nowMs = 0;
  const budget = new RegexBudget({ elapsedMs: () => nowMs, cpuMs: () => nowMs * cpuShare });
  const match = (characters: number, tookMs: number) =>
    budget.time(characters, () => {
      nowMs += tookMs;
      return "matched";
    });
  return { budget, match };
}

describe("a budget for regular expressions", () => {
  test("gives what the match gives", () => {
    assert.equal(budgetWithClocks().match(1, 1), "matched");
  });

  test("is exceeded after half a second, for short texts", () => {
    const { budget, match } = budgetWithClocks();
    match(100, 499);
    assert.equal(budget.isExceeded, false);
    match(100, 2);
    assert.equal(budget.isExceeded, true);
  });

  test("grows with the texts", () => {
    const { budget, match } = budgetWithClocks();
    match(1_000_000, 990);
    assert.equal(budget.isExceeded, false);
    match(1, 20);
    assert.equal(budget.isExceeded, true);
  });

  test("begins anew with each request", () => {
    const { budget, match } = budgetWithClocks();
    for (let request = 0; request < 3; request++) {
      budget.begin();
      match(1, 400);
      assert.equal(budget.isExceeded, false);
    }
  });

  test("stays exceeded", () => {
    const { budget, match } = budgetWithClocks();
    match(1, 1000);
    budget.begin();
    assert.equal(budget.isExceeded, true);
  });

  test("does not count time in which the process did not compute", () => {
    const { budget, match } = budgetWithClocks(0.1);
    match(1, 4000);
    assert.equal(budget.isExceeded, false);
  });

  test("has room for a bounded size, over all lists", () => {
    const { budget } = budgetWithClocks();
    assert.equal(budget.takeExtra(1500), true);
    assert.equal(budget.takeExtra(500), true);
    assert.equal(budget.takeExtra(1), false);
  });
});
