import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { part } from "../support/parts.ts";

const file = fileURLToPath(new URL("../../docs/alerts.yml", import.meta.url));
const services = fileURLToPath(new URL("../../services/", import.meta.url));

test("promtool takes docs/alerts.yml", async () => {
  const { program } = await part("promtool");
  const { status, stdout, stderr } = spawnSync(program, ["check", "rules", file], { encoding: "utf8" });
  assert.equal(status, 0, `${stdout}${stderr}`);
  assert.match(stdout, /SUCCESS: 1\d rules found/);
});

test("every metric of docs/alerts.yml is one that Flux or Horizon has", () => {
  const source = readdirSync(services, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(`${services}${name}`, "utf8"))
    .join("\n");
  const names = new Set(readFileSync(file, "utf8").match(/\b(?:flux|horizon)_\w+/g));
  assert.ok(names.size >= 12);
  const unknown = [...names].filter((name) => !source.includes(`"${name.replace(/_bucket$/, "")}"`));
  assert.deepEqual(unknown, []);
});
