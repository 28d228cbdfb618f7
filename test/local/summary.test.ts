import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { prepareDataFolder } from "../../services/local/data-folder.ts";
import { placeOf } from "../../services/local/place.ts";
import { summarize } from "../../services/local/summarize.ts";
import { summaryText } from "../../services/local/summary.ts";
import { settingsSchema } from "../../settings/schema.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const PART = { program: "/x", version: "1.2.3" };

test("the summary tells what runs where, gives the block to paste and the links", (t) => {
  const folder = createTempFolder();
  t.after(folder.remove);
  const settings = settingsSchema.parse({ VICTORIAMETRICS_URL: "http://me:secret@store:8428" });
  const ports = new Map([
    ["FLUX_PORT", 8000],
    ["FLUX_ADMIN_PORT", 8001],
    ["HORIZON_ADMIN_PORT", 8002],
    ["LOCAL_REDIS_PORT", 6390],
  ]);
  const system = {
    place: placeOf(settings, ports, "the-key!"),
    data: prepareDataFolder(folder.path),
    programs: { redis: { ...PART, timeSeriesModule: "/y" }, victoriaMetrics: undefined, demo: undefined },
    plans: [],
    lock: undefined,
  };
  const text = summaryText(summarize(settings, system, true));
  for (const words of [
    "http://127.0.0.1:8000  ",
    "http://127.0.0.1:8001/-/status",
    "http://127.0.0.1:8002/-/status",
    "redis://127.0.0.1:6390",
    "version 1.2.3",
    "http://store:8428",
    "your own",
    "http://store:8428/vmui/",
    `Data: ${folder.path}`,
    `Logs: ${folder.path}/logs`,
    "Ctrl-C",
  ]) {
    assert.ok(text.includes(words), `${words}\n${text}`);
  }
  assert.ok(!text.includes("secret"));
  const block = /^remote_write:\n( .*\n)+/m.exec(text)?.[0] ?? "";
  assert.equal(parse(block).remote_write[0].headers.key, "the-key!");
  assert.ok(!summaryText(summarize(settings, system, false)).includes("http://store:8428/vmui/"));
});
