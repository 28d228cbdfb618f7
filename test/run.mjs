import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureBuild, ensureDependencies, nodeFault, PrepareProblem } from "../services/local/prepare.mjs";

/*
 * `npm test`: makes the project ready, gets the real servers that tests need, and runs all tests with node's own
 * runner, stage by stage. A stage, a folder or a file as argument runs only that:
 *
 *   npm test -- unit        npm test -- test/flux        npm test -- test/flux/intake/rules.test.ts
 *
 * `--prepare` only makes ready. A test that was skipped counts as failed: it has proved nothing.
 */

// Those of e2e mostly wait, for intervals and for stores to settle: more of them than cores can run at a time.
const STAGES = [
  { name: "unit", folder: undefined, concurrency: 2, timeoutMs: 60_000, parts: [] },
  { name: "fuzz", folder: "test/fuzz", concurrency: 1, timeoutMs: 400_000, parts: [] },
  { name: "integration", folder: "test/integration", concurrency: 2, timeoutMs: 300_000, parts: ["influxdb"] },
  { name: "e2e", folder: "test/e2e", concurrency: 3, timeoutMs: 420_000, parts: ["remote-storage-adapter"] },
];
/** The servers that tests of any stage may need; those of one stage alone are named there. */
const PARTS = ["redis", "victoria-metrics", "prometheus", "promtool", "node-exporter"];

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");

async function main(args) {
  const fault = nodeFault(process.versions.node);
  if (fault) {
    throw new PrepareProblem(fault);
  }
  if (args.includes("--prepare")) {
    await prepare(STAGES);
    return true;
  }
  const stages = STAGES.map((stage) => ({ ...stage, files: selectFiles(filesOf(stage), stage, args) }));
  refuseEmpty(stages, args);
  const wanted = stages.filter(({ files }) => files.length > 0);
  await prepare(wanted);
  const results = [];
  for (const stage of wanted) {
    results.push(await runStage(stage));
  }
  return report(results);
}

/** Dependencies, build, and the servers of these stages; each takes no time when it is there already. */
async function prepare(stages) {
  await ensureDependencies(root, console.log);
  await ensureBuild(root, console.log);
  const { ensurePart } = await import("../dist/services/local/parts/ensure-part.js");
  const { partsFolder } = await import("../dist/services/local/project-root.js");
  const options = { partsDir: partsFolder(root, process.env), env: process.env, log: console.log };
  for (const name of [...PARTS, ...stages.flatMap(({ parts }) => parts)]) {
    await ensurePart(name, options);
  }
}

function filesOf(stage) {
  const folders = STAGES.flatMap(({ folder }) => folder ?? []);
  const isIn = (path, folder) => path.startsWith(`${folder}/`);
  return readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".test.ts"))
    .map((path) => `test/${path.split(sep).join("/")}`)
    .filter((path) => (stage.folder ? isIn(path, stage.folder) : !folders.some((folder) => isIn(path, folder))))
    .sort();
}

/** The files that the arguments name: by stage, by folder or by file. Without arguments, all. */
function selectFiles(files, stage, args) {
  const paths = args.map((argument) => relative(root, resolve(argument)).split(sep).join("/"));
  const isWanted = (file) => paths.some((path) => file === path || file.startsWith(`${path}/`));
  return args.length === 0 || args.includes(stage.name) ? files : files.filter(isWanted);
}

function refuseEmpty(stages, args) {
  const isNamed = (argument) => STAGES.some(({ name }) => name === argument) || existsSync(resolve(argument));
  const unknown = args.find((argument) => !isNamed(argument));
  if (unknown !== undefined) {
    throw new PrepareProblem(
      `cannot run ${unknown}: it is neither a stage (${STAGES.map(({ name }) => name).join(", ")}) nor a path`,
    );
  }
  const expected = args.length === 0 ? stages : stages.filter(({ name }) => args.includes(name));
  const empty = expected.find(({ files }) => files.length === 0);
  if (empty) {
    throw new PrepareProblem(`cannot run stage ${empty.name}: it has no test files`);
  }
  if (stages.every(({ files }) => files.length === 0)) {
    throw new PrepareProblem(`cannot run ${args.join(" ")}: there are no test files`);
  }
}

async function runStage({ name, files, concurrency, timeoutMs }) {
  const folder = mkdtempSync(join(tmpdir(), "flux-test-"));
  const counts = join(folder, "counts.jsonl");
  console.log(`\n== ${name}: ${files.length} files`);
  const startedMs = Date.now();
  try {
    const code = await runNode([
      ...["--enable-source-maps", "--import", "tsx", "--test"],
      ...[`--test-concurrency=${concurrency}`, `--test-timeout=${timeoutMs}`],
      ...["--test-reporter=spec", "--test-reporter-destination=stdout"],
      ...["--test-reporter=./test/support/count-reporter.mjs", `--test-reporter-destination=${counts}`],
      ...files,
    ]);
    const tests = existsSync(counts) ? readFileSync(counts, "utf8").trim().split("\n").filter(Boolean) : [];
    const seconds = (Date.now() - startedMs) / 1000;
    console.log(`== ${name}: ${seconds.toFixed(1)} s`);
    return { name, code, tests: tests.map((line) => JSON.parse(line)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs node until it ends. It ends with this process, and so do the servers that its tests have started. */
function runNode(args) {
  const isLinux = process.platform === "linux";
  const program = isLinux ? "setpriv" : process.execPath;
  const before = isLinux ? ["--pdeathsig", "TERM", "--", process.execPath] : [];
  const child = spawn(program, [...before, ...args], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  const passOn = (signal) => {
    child.kill(signal);
    process.exitCode = 1;
  };
  return new Promise((done, fail) => {
    process.on("SIGTERM", passOn).on("SIGINT", passOn);
    child.once("error", fail);
    child.once("exit", (code, signal) => {
      process.off("SIGTERM", passOn).off("SIGINT", passOn);
      if (signal || process.exitCode === 1) {
        process.exit(1);
      }
      done(code);
    });
  });
}

/** Prints what ended how, and says whether all is well. */
function report(results) {
  const tests = results.flatMap(({ tests }) => tests);
  const passed = tests.filter(({ outcome }) => outcome === "passed").length;
  const bad = tests.filter(({ outcome }) => outcome !== "passed");
  console.log("");
  for (const { outcome, name, file } of bad) {
    console.log(`${outcome}: ${name} (${relative(root, file ?? "")})`);
  }
  const silent = results.filter(({ code, tests }) => code !== 0 && tests.every(({ outcome }) => outcome === "passed"));
  for (const { name, code } of silent) {
    console.log(`failed: stage ${name} ended with code ${code}`);
  }
  const failed = bad.length + silent.length;
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0;
}

try {
  const isWell = await main(process.argv.slice(2));
  process.exit(isWell ? 0 : 1);
} catch (error) {
  console.error(error instanceof PrepareProblem || error?.name === "LocalProblem" ? error.message : error);
  process.exit(1);
}
