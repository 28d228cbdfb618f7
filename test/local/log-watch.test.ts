import assert from "node:assert/strict";
import { appendFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { watchLog } from "../../services/local/log-watch.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";

test("what a service logs is followed through half lines, repetitions and an emptied file", async (t) => {
  const folder = createTempFolder();
  t.after(folder.remove);
  const path = join(folder.path, "flux.log");
  const said: string[] = [];
  const stop = new AbortController();
  const watching = watchLog({ name: "Flux", path }, (line) => said.push(line), stop.signal);

  writeFileSync(
    path,
    '{"level":"warn","msg":"first"}\n{"level":"warn","msg":"first"}\n{"level":"info","msg":"no"}\n{"level":"warn",',
  );
  await until(() => said.length === 1);
  appendFileSync(path, '"msg":"second"}\n');
  await until(() => said.length === 2);
  truncateSync(path);
  appendFileSync(path, '{"level":"error","msg":"third"}\n');
  await until(() => said.length === 3);
  stop.abort();
  await watching;
  assert.deepEqual(said, ["Flux warns: first", "Flux warns: second", "Flux reports an error: third"]);
});
