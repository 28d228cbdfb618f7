import assert from "node:assert/strict";
import { test } from "node:test";
import type { SkipReason } from "../../../../services/horizon/reasons.ts";
import { storableTimes, whyNotStorable } from "../../../../services/horizon/sinks/timeseries/storable.ts";
import { numberOf, SPECIAL_VALUE_BITS } from "../../../support/special-values.ts";

const DAY = 86_400_000;
const TIMES = storableTimes(DAY, DAY);
const STORABLE = new Set(["minus zero", "smallest subnormal", "1/3", "zero"]);

for (const [name, bits] of Object.entries(SPECIAL_VALUE_BITS)) {
  test(`RedisTimeSeries ${STORABLE.has(name) ? "holds" : "cannot hold"} ${name}`, () => {
    const infinite: SkipReason | undefined = name.endsWith("Inf") ? "infinity_not_storable" : "nan_not_storable";
    assert.equal(whyNotStorable(1, numberOf(bits), TIMES), STORABLE.has(name) ? undefined : infinite);
  });
}

test("times before 1970 cannot be held, 1970 itself can", () => {
  assert.equal(whyNotStorable(-1, 1, TIMES), "negative_timestamp");
  assert.equal(whyNotStorable(0, 1, TIMES), undefined);
});

test("times within a retention of now are held, and no others", () => {
  const times = storableTimes(10 * DAY, DAY);
  assert.equal(whyNotStorable(9 * DAY - 1, 1, times), "older_than_retention");
  assert.equal(whyNotStorable(9 * DAY, 1, times), undefined);
  assert.equal(whyNotStorable(11 * DAY, 1, times), undefined);
  assert.equal(whyNotStorable(11 * DAY + 1, 1, times), "too_far_ahead");
});
