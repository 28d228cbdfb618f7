import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new folder outside the project, and what removes it again. */
export function createTempFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "flux-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** The folder that a test names, which stays, or a new one that is removed. */
export function folderFor(dir: string | undefined): { path: string; remove(): void } {
  return dir === undefined ? createTempFolder() : { path: dir, remove: () => undefined };
}
