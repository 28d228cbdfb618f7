import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { LocalProblem } from "../local-problem.ts";
import { downloadPackage } from "./apt.ts";
import type { DebianProgram } from "./catalogue.ts";
import { findOnPath } from "./on-path.ts";
import type { Part, PartOptions } from "./part.ts";
import { createPartFolder, type PartRecord, readPartRecord } from "./part-folder.ts";
import { requireCommand, runCommand } from "./run-command.ts";

/**
 * A program out of a Debian package: the one on PATH, or what was fetched before, or the package of this machine's
 * own release, unpacked beside the others. Needs no root.
 */
export async function getDebianProgram(wanted: DebianProgram, options: PartOptions): Promise<Part> {
  const onPath = findOnPath(wanted.pathNames, options.env);
  if (onPath !== undefined) {
    return { program: onPath, version: await versionOf(onPath, wanted, options.env) };
  }
  const folder = join(options.partsDir, wanted.debianPackage);
  const record =
    readPartRecord(folder) ??
    (await createPartFolder(folder, options.partsDir, (target, scratch) => fetch(wanted, target, scratch, options)));
  const assets = wanted.webAssets && join(folder, wanted.webAssets);
  return {
    program: join(folder, wanted.program),
    version: record.version,
    ...(assets && existsSync(assets) ? { webAssets: assets } : {}),
  };
}

async function fetch(wanted: DebianProgram, target: string, scratch: string, options: PartOptions) {
  const cannot = `cannot get ${wanted.label}`;
  const { env } = options;
  for (const command of ["apt-get", "dpkg-deb"]) {
    requireCommand(command, cannot, `this needs Debian or Ubuntu; elsewhere, ${wanted.otherwise}`, env);
  }
  options.log(`Getting ${wanted.label} (${wanted.sizeMb} MB) from this system's package repository ...`);
  const fault = await downloadPackage(wanted.debianPackage, scratch, options);
  if (fault !== undefined) {
    throw new LocalProblem(`${cannot}: ${fault}; or ${wanted.otherwise}`);
  }
  const archive = join(scratch, readdirSync(scratch).find((name) => name.endsWith(".deb")) ?? "");
  const record = await unpack(wanted, archive, target, cannot, env);
  const { ok, complaint } = await runCommand(join(target, wanted.program), versionArguments(wanted), { env });
  if (!ok) {
    throw new LocalProblem(`${cannot}: it does not start here: ${complaint}: ${wanted.otherwise}`);
  }
  return record;
}

async function unpack(
  wanted: DebianProgram,
  archive: string,
  target: string,
  cannot: string,
  env: NodeJS.ProcessEnv,
): Promise<PartRecord> {
  const unpacked = join(dirname(archive), "unpacked");
  const extract = await runCommand("dpkg-deb", ["-x", archive, unpacked], { env });
  const version = await runCommand("dpkg-deb", ["-f", archive, "Version"], { env });
  if (!extract.ok || !version.ok) {
    const why = extract.ok ? version.complaint : extract.complaint;
    throw new LocalProblem(`${cannot}: cannot unpack it: ${why}: ${wanted.otherwise}`);
  }
  for (const path of wanted.kept.filter((path) => existsSync(join(unpacked, path)))) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(join(unpacked, path), join(target, path), { recursive: true, verbatimSymlinks: true });
  }
  return { version: version.output.trim(), sha256: createHash("sha256").update(readFileSync(archive)).digest("hex") };
}

async function versionOf(program: string, wanted: DebianProgram, env: NodeJS.ProcessEnv): Promise<string> {
  const { output } = await runCommand(program, versionArguments(wanted), { env });
  return /\d+\.\d+\.\d+\S*/.exec(output)?.[0] ?? "unknown";
}

function versionArguments({ versionArgument }: DebianProgram): string[] {
  return [versionArgument ?? "--version"];
}
