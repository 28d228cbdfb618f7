import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { projectRoot } from "../../services/local/project-root.ts";

const names = z.record(z.string(), z.string()).default({});
const lockFile = z.object({
  packages: z.record(
    z.string(),
    z.object({ dependencies: names, devDependencies: names, optionalDependencies: names }),
  ),
});

/** Whether a package finds another one in its own node_modules or in those of the folders above. */
function finds(packages: object, from: string, name: string): boolean {
  const nested = `${from === "" ? "" : `${from}/`}node_modules/${name}`;
  const above = from.lastIndexOf("node_modules/");
  return nested in packages || (from !== "" && finds(packages, from.slice(0, Math.max(0, above - 1)), name));
}

test("package-lock.json names every package that is asked for, those for other systems too, or npm ci refuses it", () => {
  const text = readFileSync(join(projectRoot(import.meta.url), "package-lock.json"), "utf8");
  const { packages } = lockFile.parse(JSON.parse(text));
  const missing = Object.entries(packages).flatMap(([from, { dependencies, devDependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })
      .filter((name) => !finds(packages, from, name))
      .map((name) => `${name}, which ${from || "package.json"} asks for`),
  );
  assert.deepEqual(missing, []);
});
