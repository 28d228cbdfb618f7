import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { RELOADABLE_SETTINGS } from "../../settings/reloadable.ts";
import { settingsSchema } from "../../settings/schema.ts";
import { SETTING_NAMES } from "../../settings/value-kind.ts";

interface Row {
  readonly name: string;
  readonly defaultText: string;
  readonly reload: string;
  readonly text: string;
}

const page = await readFile(new URL("../../docs/settings.md", import.meta.url), "utf8");
const rows: Row[] = page
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => {
    const [, name = "", defaultText = "", reload = "", ...text] = line.split("|").map((cell) => cell.trim());
    return { name: name.replaceAll("`", ""), defaultText, reload, text: text.join("|") };
  });

test("docs/settings.md has every setting once", () => {
  assert.deepEqual(rows.map(({ name }) => name).sort(), [...SETTING_NAMES].sort());
});

test("docs/settings.md gives the defaults of the schema", () => {
  const defaults = new Map<string, unknown>(Object.entries(settingsSchema.parse({})));
  for (const { name, defaultText } of rows) {
    const value = defaults.get(name);
    const text = typeof value === "string" && value !== "" ? value : JSON.stringify(value);
    assert.equal(defaultText, value === undefined ? "unset" : `\`${text}\``, name);
  }
});

test("docs/settings.md says which settings can be reloaded, and explains each", () => {
  const reloadable = new Set<string>(RELOADABLE_SETTINGS);
  for (const { name, reload, text } of rows) {
    assert.equal(reload, reloadable.has(name) ? "yes" : "no", name);
    assert.ok(text.length > 20, name);
  }
});
