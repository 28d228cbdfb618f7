import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of this project, from any of its files, compiled or not. */
export function projectRoot(fileUrl: string): string {
  let folder = dirname(fileURLToPath(fileUrl));
  while (!existsSync(join(folder, "package.json"))) {
    const above = dirname(folder);
    if (above === folder) {
      throw new Error(`cannot find the project folder: no package.json above ${fileURLToPath(fileUrl)}`);
    }
    folder = above;
  }
  return folder;
}

/** Where fetched programs are kept: LOCAL_PARTS_DIR, or `.parts` in the project folder. */
export function partsFolder(root: string, env: NodeJS.ProcessEnv): string {
  return env["LOCAL_PARTS_DIR"] || join(root, ".parts");
}
