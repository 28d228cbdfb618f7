import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDuration, parseTime } from "../../../services/horizon/reading/time-text.ts";

const noon = Date.UTC(2026, 0, 31, 12);
const times: [text: string, ms: number | undefined][] = [
  [String(noon / 1000), noon],
  [`${noon / 1000}.125`, noon + 125],
  [String(noon), noon],
  [`${noon}.6`, noon + 1],
  ["0", 0],
  ["99999999999", 99_999_999_999_000],
  ["100000000000", 100_000_000_000],
  ["2026-01-31T12:00:00Z", noon],
  ["2026-01-31t12:00:00.5z", noon + 500],
  ["2026-01-31T14:00:00+02:00", noon],
  ["2026-01-31T14:00:00 02:00", noon],
  ["2026-01-31T07:30:00-04:30", noon],
  ["2026-01-31 12:00:00Z", noon],
  ["2026-01-31T12:00:00", undefined],
  ["2026-01-31", undefined],
  ["2026-13-31T12:00:00Z", undefined],
  ["1969-12-31T23:59:59Z", undefined],
  ["-5", undefined],
  ["1e9", undefined],
  ["now", undefined],
  ["NaN", undefined],
  ["9".repeat(20), undefined],
  ["9".repeat(400), undefined],
];

for (const [text, ms] of times) {
  test(`the time ${JSON.stringify(text.slice(0, 30))} ${ms === undefined ? "is refused" : "is read"}`, () => {
    assert.equal(parseTime(text), ms);
  });
}

const durations: [text: string, ms: number | undefined][] = [
  ["60", 60_000],
  ["0.5", 500],
  ["5m", 300_000],
  ["1h30m", 5_400_000],
  ["250ms", 250],
  ["1d", 86_400_000],
  ["1w", 604_800_000],
  ["1y", 31_536_000_000],
  ["0", undefined],
  ["0s", undefined],
  ["0.0001", undefined],
  ["-5m", undefined],
  ["5 m", undefined],
  ["5M", undefined],
  ["1.5h", undefined],
  ["m", undefined],
  [`${"9".repeat(30)}y`, undefined],
];

for (const [text, ms] of durations) {
  test(`the duration ${JSON.stringify(text)} ${ms === undefined ? "is refused" : "is read"}`, () => {
    assert.equal(parseDuration(text), ms);
  });
}
