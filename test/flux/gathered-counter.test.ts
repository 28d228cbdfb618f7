import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import { GatheredCounter } from "../../services/flux/gathered-counter.ts";

async function shown(registry: Registry): Promise<string[]> {
  return (await registry.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

test("what was counted is shown once, however often somebody looks", async () => {
  const registry = new Registry();
  const counter = new GatheredCounter({ name: "n", help: "h", labelNames: ["a", "b"], registers: [registry] });
  const first = counter.of({ a: "1", b: "2" });
  counter.of({ a: "1", b: "3" });
  assert.deepEqual(await shown(registry), ['n{a="1",b="2"} 0', 'n{a="1",b="3"} 0']);
  first.count += 5;
  first.count += 2;
  assert.deepEqual(await shown(registry), ['n{a="1",b="2"} 7', 'n{a="1",b="3"} 0']);
  assert.deepEqual(await shown(registry), ['n{a="1",b="2"} 7', 'n{a="1",b="3"} 0']);
  first.count++;
  assert.deepEqual(await shown(registry), ['n{a="1",b="2"} 8', 'n{a="1",b="3"} 0']);
});

test("a counter may have no labels at all", async () => {
  const registry = new Registry();
  const tally = new GatheredCounter({ name: "n", help: "h", labelNames: [], registers: [registry] }).of({});
  tally.count += 3;
  assert.deepEqual(await shown(registry), ["n 3"]);
});
