import process from "node:process";
import type { PartName } from "../../services/local/parts/catalogue.ts";
import { ensurePart, type Parts } from "../../services/local/parts/ensure-part.ts";
import { partsFolder, projectRoot } from "../../services/local/project-root.ts";

/** A real program for a test. `npm test` has fetched it; alone, a test fetches it the first time. */
export function part<N extends PartName>(name: N): Promise<Parts[N]> {
  const partsDir = partsFolder(projectRoot(import.meta.url), process.env);
  return ensurePart(name, { partsDir, env: process.env, log: (line) => process.stderr.write(`${line}\n`) });
}
