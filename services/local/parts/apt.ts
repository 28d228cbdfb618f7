import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { PartOptions } from "./part.ts";
import { type CommandResult, runCommand } from "./run-command.ts";

/**
 * Downloads a package of this system's repositories into a folder, as any user. Where the system's own package lists
 * do not have it (fresh images have no lists at all), lists are fetched for this one purpose and thrown away.
 * @returns undefined, or why it cannot be had, in words.
 */
export async function downloadPackage(
  name: string,
  folder: string,
  { env }: Pick<PartOptions, "env">,
): Promise<string | undefined> {
  const withSystemLists = await aptGet(["download", name], folder, env);
  if (withSystemLists.ok) {
    return undefined;
  }
  const ownLists = privateState(join(folder, "apt"));
  const update = await aptGet(["update", ...ownLists], folder, env);
  const download = await aptGet(["download", name, ...ownLists], folder, env);
  return download.ok ? undefined : explain(name, update, download);
}

function aptGet(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<CommandResult> {
  // As root, apt would hand downloads to its own user, who may not write here, and warn.
  return runCommand("apt-get", ["--quiet=2", "-o", "APT::Sandbox::User=root", ...args], {
    cwd,
    env: { ...env, LC_ALL: "C" },
  });
}

function privateState(folder: string): string[] {
  for (const part of ["state/lists/partial", "cache/archives/partial"]) {
    mkdirSync(join(folder, part), { recursive: true });
  }
  return [
    `Dir::State=${join(folder, "state")}`,
    `Dir::State::lists=${join(folder, "state/lists")}`,
    `Dir::Cache=${join(folder, "cache")}`,
    "Dir::State::status=/var/lib/dpkg/status",
    // Otherwise a repository that cannot be reached is a warning, and the package then seems not to exist.
    "APT::Update::Error-Mode=any",
    "Acquire::Languages=none",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
    "Acquire::IndexTargets::deb::CNF::DefaultEnabled=false",
  ].flatMap((option) => ["-o", option]);
}

function explain(name: string, update: CommandResult, download: CommandResult): string {
  if (!update.ok) {
    return `apt-get cannot fetch the package lists: ${update.complaint}: check the network and try again`;
  }
  return download.complaint.startsWith("Unable to locate package")
    ? `the repositories of this system have no package ${name}: on Ubuntu, enable the universe repository`
    : `apt-get cannot download ${name}: ${download.complaint}: check the network and try again`;
}
