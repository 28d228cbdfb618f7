import assert from "node:assert/strict";
import { test } from "node:test";
import { requireBlocks, requireUrls } from "../../services/horizon/required-settings.ts";
import { type Settings, settingsSchema } from "../../settings/schema.ts";

const settings = (given: Partial<Settings>) => settingsSchema.parse(given);
const both = { REDIS_URL: "redis://a", VICTORIAMETRICS_URL: "http://v" };

test("every missing URL is named", () => {
  const found = requireUrls(settings({}));
  assert.ok(!found.ok);
  assert.equal(found.problems.length, 2);
  assert.match(found.problems[0] ?? "", /REDIS_URL is not set/);
  assert.match(found.problems[1] ?? "", /VICTORIAMETRICS_URL is not set/);
});

const table: [name: string, Partial<Settings>, ReturnType<typeof requireUrls>][] = [
  [
    "series are kept in the buffer's Redis",
    both,
    {
      ok: true,
      urls: { buffer: "redis://a", timeseries: "redis://a", receivers: [{ name: "victoriametrics", url: "http://v" }] },
    },
  ],
  [
    "series have a Redis of their own",
    { ...both, RTS_REDIS_URL: "redis://b" },
    {
      ok: true,
      urls: { buffer: "redis://a", timeseries: "redis://b", receivers: [{ name: "victoriametrics", url: "http://v" }] },
    },
  ],
  [
    "RedisTimeSeries is turned off",
    { ...both, RTS_ENABLED: false },
    {
      ok: true,
      urls: { buffer: "redis://a", timeseries: undefined, receivers: [{ name: "victoriametrics", url: "http://v" }] },
    },
  ],
  [
    "VictoriaMetrics is turned off and needs no URL",
    { REDIS_URL: "redis://a", VICTORIAMETRICS_ENABLED: false },
    { ok: true, urls: { buffer: "redis://a", timeseries: "redis://a", receivers: [] } },
  ],
];

for (const [name, given, want] of table) {
  test(`the stores' URLs when ${name}`, () => {
    assert.deepEqual(requireUrls(settings(given)), want);
  });
}

test("Skyline's own set is left to Skyline's Horizon", () => {
  assert.deepEqual(requireBlocks(settings({})), { ok: true });
  const found = requireBlocks(settings({ BUFFER_FORMAT: "skyline" }));
  assert.match(found.ok ? "" : found.problems.join(), /BUFFER_FORMAT is skyline, .* set BUFFER_FORMAT to blocks/);
});
