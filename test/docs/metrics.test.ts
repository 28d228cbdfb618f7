import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const folder = (name: string) => fileURLToPath(new URL(`../../${name}/`, import.meta.url));

function textOf(root: string, names: readonly string[]): string {
  return names.map((name) => readFileSync(`${root}${name}`, "utf8")).join("\n");
}

test("every metric of Horizon's own is explained to operators", () => {
  const services = folder("services/horizon");
  const sources = readdirSync(services, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  const metrics = new Set(textOf(services, sources).match(/(?<=")horizon_[a-z_]+(?=")/g));
  assert.ok(metrics.size > 25, `${metrics.size} metrics`);
  const explained = new Set(textOf(folder("docs"), ["operations.md", "reasons.md"]).match(/\bhorizon_[a-z_]+/g));
  assert.deepEqual(
    [...metrics].filter((name) => !explained.has(name)),
    [],
  );
});
