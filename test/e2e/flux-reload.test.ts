import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startRedis } from "../support/redis-server.ts";
import { spawnService } from "../support/service.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { writeRequestBody } from "../support/write-request.ts";

const OLD_KEY = "key-of-the-old-tenant";
const NEW_KEY = "key-of-the-new-tenant";
const BODY = writeRequestBody([{ labels: { __name__: "up" }, samples: [{ timestampMs: 1, value: 1 }] }]);

test("Flux takes up keys and gives them up without dropping a request", async (t) => {
  const folder = createTempFolder();
  t.after(() => folder.remove());
  const redis = await startRedis();
  t.after(() => redis.stop());
  const file = join(folder.path, "flux.yml");
  const write = (keys: Record<string, string>) => writeFileSync(file, JSON.stringify({ FLUX_API_KEYS: keys }));
  write({ [OLD_KEY]: "old" });
  const flux = await spawnService("flux", { REDIS_URL: redis.url, FLUX_SETTINGS: file, LOG_LEVEL: "silent" });
  t.after(() => flux.stop());

  const send = async (key: string) => {
    const headers = { key, "x-server-id": "1", "content-encoding": "snappy" };
    const url = `${flux.intakeUrl}/prometheus/write`;
    const response = await fetch(url, { method: "POST", headers, body: new Uint8Array(BODY) });
    await response.arrayBuffer();
    return response.status;
  };
  const reload = async () => {
    const response = await fetch(`${flux.adminUrl}/-/reload`, { method: "POST" });
    return { status: response.status, text: await response.text() };
  };

  const answers: number[] = [];
  let isOver = false;
  const sender = async () => {
    while (!isOver) {
      answers.push(await send(OLD_KEY));
    }
  };
  const senders = Promise.all([sender(), sender(), sender(), sender()]);
  for (let round = 0; round < 5; round++) {
    assert.equal(await send(NEW_KEY), 403);
    write({ [NEW_KEY]: "new", [OLD_KEY]: "old" });
    assert.equal((await reload()).status, 200);
    assert.equal(await send(NEW_KEY), 204);
    for (const fault of ["FLUX_API_KEYS: [", "FLUX_API_KEYS: {short: a}", "", "LOG_LEVEL: silent"]) {
      writeFileSync(file, fault);
      assert.equal((await reload()).status, 400, fault);
      assert.equal(await send(NEW_KEY), 204, "the old settings stay");
    }
    write({ [OLD_KEY]: "old" });
    assert.equal((await reload()).status, 200);
  }
  isOver = true;
  await senders;
  assert.ok(answers.length > 20, `only ${answers.length} requests were under way`);
  assert.deepEqual([...new Set(answers)], [204]);
});
