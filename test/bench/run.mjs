import { spawnSync } from "node:child_process";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ensureBuild, ensureDependencies } from "../../services/local/prepare.mjs";

/* `npm run bench`: makes the project ready and runs the benchmark; arguments go to it. */

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
await ensureDependencies(root, console.log);
await ensureBuild(root, console.log);
const bench = spawnSync(process.execPath, ["--import", "tsx", "test/bench/flux-bench.ts", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
process.exit(bench.status ?? 1);
