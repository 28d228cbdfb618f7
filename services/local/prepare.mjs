import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

/*
 * What has to happen before any of the project's own code can run: the check of Node, the npm packages, the build.
 * Plain JavaScript without dependencies, because at that moment there are none. Used by `npm start` and `npm test`.
 */

const MIN_NODE = { major: 20, minor: 19 };
const BUILD_INPUTS = ["services", "settings", "proto", "package-lock.json", "tsconfig.json"];
const LOCK_POLL_MS = 200;
const SHOWN_OUTPUT_CHARACTERS = 20_000;

/** Something that the person at the terminal can put right: the message is shown alone, without a stack. */
export class PrepareProblem extends Error {}

/**
 * Why a version of Node cannot run this, as a sentence, or undefined when it can.
 * @param {string} version such as "20.19.0"
 */
export function nodeFault(version) {
  const [major, minor] = version.split(".").map(Number);
  if (major > MIN_NODE.major || (major === MIN_NODE.major && minor >= MIN_NODE.minor)) {
    return undefined;
  }
  const needed = `${MIN_NODE.major}.${MIN_NODE.minor}`;
  return `cannot run on Node ${version}: Node ${needed} or newer is needed: install it from https://nodejs.org and try again`;
}

/**
 * Installs the npm packages when those in node_modules are not the ones that package-lock.json names.
 * @param {string} root the project folder
 * @param {(line: string) => void} log takes one line when there is something to do
 */
export async function ensureDependencies(root, log) {
  if (!dependenciesAreMissing(root)) {
    return;
  }
  await underLock(root, async () => {
    if (dependenciesAreMissing(root)) {
      log("Installing npm packages ...");
      await runNpm(["ci", "--include=dev", "--no-audit", "--no-fund"], root, "install the npm packages");
    }
  });
}

/** Whether node_modules holds other packages than package-lock.json names. npm keeps a list of what it installed. */
export function dependenciesAreMissing(root) {
  const installedFile = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installedFile)) {
    return true;
  }
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const installed = JSON.parse(readFileSync(installedFile, "utf8")).packages;
  // Packages for other systems are optional: npm leaves them out.
  const isThere = ([path, { version, optional }]) =>
    path === "" || installed[path]?.version === version || (optional && !installed[path]);
  return !Object.entries(wanted).every(isThere);
}

/**
 * Compiles the project into dist/ when its sources are not those of the last build.
 * @param {string} root the project folder
 * @param {(line: string) => void} log takes one line when there is something to do
 */
export async function ensureBuild(root, log) {
  if (!buildIsStale(root)) {
    return;
  }
  await underLock(root, async () => {
    if (buildIsStale(root)) {
      log("Building ...");
      const stamp = sourceStamp(root);
      if (!existsSync(stampFile(root))) {
        // Without a stamp nobody knows what is in dist: let the compiler write all of it again.
        rmSync(join(root, "dist", "services.tsbuildinfo"), { force: true });
      }
      await runNpm(["run", "build"], root, "build");
      writeFileSync(stampFile(root), stamp);
    }
  });
}

/** Whether the sources have changed since the last build. */
export function buildIsStale(root) {
  const file = stampFile(root);
  return !existsSync(file) || readFileSync(file, "utf8") !== sourceStamp(root);
}

function stampFile(root) {
  return join(root, "dist", ".source-stamp");
}

/** A hash over the names and contents of all that goes into a build. */
function sourceStamp(root) {
  const hash = createHash("sha256");
  for (const path of BUILD_INPUTS.flatMap((input) => filesUnder(root, input))) {
    const content = readFileSync(join(root, path));
    hash.update(`${path}\n${content.length}\n`).update(content);
  }
  return hash.digest("hex");
}

function filesUnder(root, path) {
  if (!existsSync(join(root, path))) {
    return [];
  }
  if (statSync(join(root, path)).isFile()) {
    return [path];
  }
  const entries = readdirSync(join(root, path), { withFileTypes: true, recursive: true });
  return (
    entries
      // What a build makes among the sources is no source.
      .filter((entry) => entry.isFile() && !entry.name.endsWith(".wasm"))
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .sort()
  );
}

/** Runs an npm command and keeps its output to itself unless it fails. */
async function runNpm(args, root, purpose) {
  const { code, output } = await run("npm", args, root);
  if (code !== 0) {
    const shown = output.slice(-SHOWN_OUTPUT_CHARACTERS).trimEnd();
    throw new PrepareProblem(`${shown}\n\ncannot ${purpose}: \`npm ${args.join(" ")}\` failed, see above`);
  }
}

function run(program, args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (data) => {
      output += data;
    });
    child.stderr.on("data", (data) => {
      output += data;
    });
    const passOn = (signal) => child.kill(signal);
    process.on("SIGTERM", passOn);
    child.once("error", reject);
    child.once("close", (code) => {
      process.off("SIGTERM", passOn);
      resolve({ code, output });
    });
  });
}

/**
 * Lets one process at a time prepare a project. The lock is a name that Linux frees when its holder is gone, so that
 * it cannot be left behind; other systems go without.
 */
async function underLock(root, work) {
  if (process.platform !== "linux") {
    return work();
  }
  const name = `\0flux-prepare-${createHash("sha256").update(root).digest("hex")}`;
  const lock = createServer();
  while (!(await tryListen(lock, name))) {
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
  }
  try {
    return await work();
  } finally {
    lock.close();
  }
}

function tryListen(lock, name) {
  return new Promise((resolve, reject) => {
    const onError = (error) => (error.code === "EADDRINUSE" ? resolve(false) : reject(error));
    lock.once("error", onError);
    lock.listen(name, () => {
      lock.off("error", onError);
      resolve(true);
    });
  });
}
