// Copies what tsc leaves out into dist/services, each file to the same place: the Redis scripts, the kernel, and the files
// of the console's page. Runs after tsc and asc, see "build" in package.json.
import { cpSync, existsSync, readdirSync } from "node:fs";
import { extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const SERVICES = fileURLToPath(new URL("../", import.meta.url));
const OUTPUT = fileURLToPath(new URL("../../dist/services/", import.meta.url));
const PAGE_FILES = new Set([".html", ".css", ".js", ".svg", ".png", ".ico", ".woff2"]);

if (!existsSync(OUTPUT)) {
  console.error("cannot copy assets: there is no dist/services; run `npm run build`, which runs tsc first");
  process.exit(1);
}

const assets = readdirSync(SERVICES, { recursive: true, encoding: "utf8" }).filter(isAsset);
for (const path of assets) {
  cpSync(join(SERVICES, path), join(OUTPUT, path));
}
console.log(`copied ${assets.length} files to dist/services`);

/** @param {string} path inside services/ */
function isAsset(path) {
  const isPageFile = path.startsWith(`console${sep}`) && PAGE_FILES.has(extname(path));
  return extname(path) === ".lua" || extname(path) === ".wasm" || isPageFile;
}
