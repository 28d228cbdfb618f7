import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRecentQuery } from "../../../services/horizon/reading/recent-query.ts";

const NOW = Date.UTC(2026, 0, 31, 12);
const HOUR_MS = 3_600_000;

function parse(query: string) {
  return parseRecentQuery(new URLSearchParams(query), NOW);
}

const table: [query: string, want: object][] = [
  ["match=up", { startMs: NOW - HOUR_MS, endMs: NOW, aggregation: undefined, maxSeries: undefined }],
  ["match=up&start=1000&end=2000", { startMs: 1_000_000, endMs: 2_000_000 }],
  ["match=up&start=1000&end=1000", { startMs: 1_000_000, endMs: 1_000_000 }],
  ["match=up&end=1000", { startMs: 0, endMs: 1_000_000 }],
  ["match=up&end=2026-01-31T10:00:00Z", { startMs: NOW - 3 * HOUR_MS, endMs: NOW - 2 * HOUR_MS }],
  ["match=up&start=2026-01-31T13:00:00+02:00", { startMs: NOW - HOUR_MS, endMs: NOW }],
  ["match=up&aggregation=avg&step=5m", { aggregation: { name: "avg", stepMs: 300_000 } }],
  ["match=up&step=60", { aggregation: { name: "last", stepMs: 60_000 } }],
  ["match=up&limit=5", { maxSeries: 5 }],
  ["match=up&limit=&start=&step=", { maxSeries: undefined, startMs: NOW - HOUR_MS, aggregation: undefined }],
];

for (const [query, want] of table) {
  test(`${query} is understood`, () => {
    const parsed = parse(query);
    assert.ok(parsed.ok, parsed.ok ? "" : parsed.detail);
    assert.deepEqual({ ...parsed.query, ...want }, parsed.query);
  });
}

test("match and match[] may both be there, and as often as somebody likes", () => {
  const parsed = parse("match=up&match[]=down&match=%7Ba%3D%221%22%7D");
  assert.ok(parsed.ok);
  assert.deepEqual(
    parsed.query.selectors.map(({ selector }) => selector.map(({ value }) => value)),
    [["up"], ["1"], ["down"]],
  );
});

const refused: [query: string, detail: RegExp][] = [
  ["", /^cannot read the request: the parameter match is missing; give a selector like/],
  ["match=up{", /^cannot read match "up\{": expected a label at character 4/],
  ["match=%7Ba=~%22(%22%7D", /^cannot read match .* a=~"\(": not a regular expression/],
  ["match=", /^cannot read match "": expected a metric name/],
  [Array(21).fill("match=up").join("&"), /^cannot read match: it is there 21 times; the limit is 20$/],
  ["match=up&start=yesterday", /^cannot read start: "yesterday" is none of seconds or milliseconds since 1970/],
  ["match=up&end=-1", /^cannot read end: "-1" is none of/],
  [
    "match=up&start=2000&end=1000",
    /^cannot read from 1970-01-01T00:33:20.000Z: it is after the end, 1970-01-01T00:16:40.000Z$/,
  ],
  ["match=up&start=4102444800", /it is after the end, 2026-01-31T12:00:00.000Z$/],
  ["match=up&aggregation=avg", /^cannot aggregate by avg: the parameter step is missing/],
  [
    "match=up&aggregation=mean&step=60",
    /^cannot read aggregation: "mean" is none of avg, min, max, sum, count, last, first$/,
  ],
  ["match=up&step=0", /^cannot read step: "0" is none of seconds, or a duration like 5m$/],
  ["match=up&limit=0", /^cannot read limit: "0" is none of a number of series/],
  ["match=up&step=60&step=30", /^cannot read step: it is there 2 times; give it once$/],
  [
    "match=up&aggregration=avg",
    /^cannot read the parameter "aggregration": there are match, start, end, step, aggregation, limit$/,
  ],
];

for (const [query, detail] of refused) {
  test(`${query.slice(0, 50) || "nothing"} is refused in a sentence`, () => {
    const parsed = parse(query);
    assert.ok(!parsed.ok);
    assert.match(parsed.detail, detail);
  });
}
