import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  BUFFER_REFUSALS,
  DROP_REASONS,
  METADATA_DROPS,
  PART_REFUSALS,
  REQUEST_REFUSALS,
  SERIES_REFUSALS,
} from "../../services/flux/reasons.ts";
import { DEAD_BLOCK_REASONS, DEAD_REASONS, SKIP_REASONS } from "../../services/horizon/reasons.ts";

const page = readFileSync(new URL("../../docs/reasons.md", import.meta.url), "utf8");

/** The reasons in the tables below a heading, in their order. */
function documented(heading: string): string[] {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  const [own = ""] = section.split("\n## ");
  return [...own.matchAll(/^\| `(\w+)`/gm)].map(([, reason = ""]) => reason);
}

const sections: [heading: string, reasons: readonly string[]][] = [
  ["Flux: dropped", DROP_REASONS],
  ["Flux: refused series", SERIES_REFUSALS],
  ["Flux: refused parts", PART_REFUSALS],
  ["Flux: not taken by Redis", BUFFER_REFUSALS],
  ["Flux: dropped metadata", METADATA_DROPS],
  ["Flux: refused requests", REQUEST_REFUSALS],
  ["Horizon: skipped", SKIP_REASONS],
  ["Horizon: dead", [...DEAD_REASONS, ...DEAD_BLOCK_REASONS]],
];

for (const [heading, reasons] of sections) {
  test(`docs/reasons.md has a row for each reason of "${heading}", and no other`, () => {
    assert.deepEqual(documented(heading), [...reasons]);
  });
}
