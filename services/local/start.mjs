import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureBuild, ensureDependencies, nodeFault, PrepareProblem } from "./prepare.mjs";

/*
 * `npm start`: makes the project ready to run, then runs it in this same process, so that a signal to one is a signal
 * to the other.
 */

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

try {
  const fault = nodeFault(process.versions.node);
  if (fault) {
    throw new PrepareProblem(fault);
  }
  await ensureDependencies(root, console.log);
  await ensureBuild(root, console.log);
} catch (error) {
  console.error(error instanceof PrepareProblem ? error.message : error);
  process.exit(1);
}
process.setSourceMapsEnabled(true);
await import("../../dist/services/local/main.js");
