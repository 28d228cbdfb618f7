import assert from "node:assert/strict";
import { test } from "node:test";
import {
  backoffMs,
  classifyOffer,
  classifyStatus,
  parseRetryAfter,
} from "../../../../services/horizon/sinks/victoria/answer-class.ts";

const table: [want: ReturnType<typeof classifyStatus>, statuses: number[]][] = [
  ["accepted", [200, 202, 204]],
  ["refused", [400, 409, 413, 415]],
  ["later", [100, 301, 302, 401, 403, 404, 408, 422, 429, 500, 502, 503, 529]],
];

for (const [want, statuses] of table) {
  test(`statuses ${statuses.join(", ")} mean ${want}`, () => {
    assert.deepEqual(
      statuses.map(classifyStatus),
      statuses.map(() => want),
    );
  });
}

test("to an offer every 4xx is a refusal, but those that ask to come back", () => {
  assert.deepEqual([200, 204].map(classifyOffer), ["accepted", "accepted"]);
  const refusals = [400, 401, 403, 404, 405, 409, 413, 415, 422, 499];
  assert.deepEqual(new Set(refusals.map(classifyOffer)), new Set(["refused"]));
  assert.deepEqual(new Set([302, 408, 429, 500, 503, 529].map(classifyOffer)), new Set(["later"]));
});

test("Retry-After is seconds or a date, and nothing else", () => {
  const nowMs = Date.parse("2026-01-01T00:00:00Z");
  const check = (header: unknown, want: number) => assert.equal(parseRetryAfter(header, nowMs), want);
  check("7", 7000);
  check("Thu, 01 Jan 2026 00:00:10 GMT", 10_000);
  check("Wed, 31 Dec 2025 00:00:00 GMT", 0);
  check("soon", 0);
  check("", 0);
  check(undefined, 0);
});

test("the wait doubles with every attempt and is never less than half of it", () => {
  assert.deepEqual(
    [1, 2, 3].map((attempt) => backoffMs(attempt, 0)),
    [125, 250, 500],
  );
  assert.deepEqual(
    [1, 2, 3].map((attempt) => backoffMs(attempt, 1)),
    [250, 500, 1000],
  );
});
