import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ensureBuild, ensureDependencies } from "../../services/local/prepare.mjs";

/*
 * `npm run bench`: makes the project ready and runs a benchmark, `flux` unless the first argument names another:
 * every `NAME-bench.ts` beside this file is one. Further arguments go to it.
 */

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
await ensureDependencies(root, console.log);
await ensureBuild(root, console.log);
const [first = "flux", ...rest] = process.argv.slice(2);
const [name, args] = first.startsWith("-") ? ["flux", process.argv.slice(2)] : [first, rest];
const file = `test/bench/${name}-bench.ts`;
if (!existsSync(resolve(root, file))) {
  console.error(`cannot run the benchmark ${name}: there is no ${file}`);
  process.exit(2);
}
const bench = spawnSync(process.execPath, ["--import", "tsx", file, ...args], { cwd: root, stdio: "inherit" });
process.exit(bench.status ?? 1);
