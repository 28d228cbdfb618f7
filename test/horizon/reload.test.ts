import assert from "node:assert/strict";
import { test } from "node:test";
import { prepareReload } from "../../services/horizon/reload.ts";
import { SeriesTable } from "../../services/horizon/series-table.ts";
import { settingsSchema } from "../../settings/schema.ts";
import { knownSeries } from "./support/known-series.ts";

const started = settingsSchema.parse({});

test("new skip lists are taken up, and what needs a restart is named", () => {
  const settings = settingsSchema.parse({ SKIP_LIST: ["up"], HORIZON_INTERVAL_SECONDS: 5 });
  const reloaded = prepareReload(started, { ok: true, settings });
  assert.ok(reloaded.ok);
  assert.deepEqual(reloaded.needRestart, ["HORIZON_INTERVAL_SECONDS"]);
  const table = new SeriesTable();
  assert.equal(
    reloaded.skipLists.skipperOf(table, { tenant: "t", namespace: "n" })?.(
      table.adopt(knownSeries(1n, { __name__: "up" })),
    ),
    "up",
  );
});

test("settings that cannot be read, or a pattern that cannot be used, are said and change nothing", () => {
  assert.deepEqual(prepareReload(started, { ok: false, problems: ["p"] }), { ok: false, problems: ["p"] });
  const reloaded = prepareReload(started, { ok: true, settings: settingsSchema.parse({ SKIP_LIST: ["a("] }) });
  assert.ok(!reloaded.ok);
  assert.match(reloaded.problems.join(), /^cannot use SKIP_LIST: /);
});
