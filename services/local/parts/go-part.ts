import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { LocalProblem } from "../local-problem.ts";
import type { GoProgram } from "./catalogue.ts";
import type { Part, PartOptions } from "./part.ts";
import { createPartFolder, type PartRecord, readPartRecord } from "./part-folder.ts";
import { type CommandResult, requireCommand, runCommand } from "./run-command.ts";

/**
 * A program that is compiled from a Go module, or was before. One on PATH is not taken: it may be of another version,
 * and these are wanted for exactly what they do.
 * @throws LocalProblem where there is no Go, the module cannot be had, or it is not the one that the catalogue pins.
 */
export async function getGoProgram(wanted: GoProgram, options: PartOptions): Promise<Part> {
  const folder = join(options.partsDir, wanted.folder);
  const record =
    readPartRecord(folder) ??
    (await createPartFolder(folder, options.partsDir, (target, scratch) => build(wanted, target, scratch, options)));
  return { program: join(folder, basename(wanted.path)), version: record.version };
}

async function build(wanted: GoProgram, target: string, scratch: string, options: PartOptions): Promise<PartRecord> {
  const cannot = `cannot get ${wanted.label}`;
  // Of the user's own Go set-up, the proxy and the caches count; a workspace or a C compiler must not.
  const env = { ...options.env, GOWORK: "off", CGO_ENABLED: "0" };
  requireCommand("go", cannot, `install Go ${wanted.minGo} or newer (Debian: golang-go)`, env);
  options.log(`Compiling ${wanted.label} with Go (a minute or two, once) ...`);
  const module = await download(wanted, scratch, env);
  if (!module.ok) {
    throw new LocalProblem(`${cannot}: go cannot download its source: ${module.why}: check the network and try again`);
  }
  if (module.sum !== wanted.sum) {
    throw new LocalProblem(`${cannot}: its source has the checksum ${module.sum}, not ${wanted.sum}: check GOPROXY`);
  }
  const args = ["build", "-trimpath", "-o", join(target, basename(wanted.path)), `./${wanted.path}`];
  const built = await runCommand("go", args, { env, cwd: module.folder });
  if (!built.ok) {
    throw new LocalProblem(`${cannot}: go cannot compile it: ${built.complaint}`);
  }
  return {
    version: wanted.moduleVersion,
    sha256: createHash("sha256").update(readFileSync(module.archive)).digest("hex"),
  };
}

type Module = { ok: true; folder: string; archive: string; sum: string } | { ok: false; why: string };

const downloaded = z.object({ Dir: z.string(), Zip: z.string(), Sum: z.string() });
const failed = z.object({ Error: z.string() });

/** Puts the source into Go's own cache. Go itself checks it against the public record of checksums. */
async function download({ module, moduleVersion }: GoProgram, cwd: string, env: NodeJS.ProcessEnv): Promise<Module> {
  const run = await runCommand("go", ["mod", "download", "-json", `${module}@${moduleVersion}`], { env, cwd });
  const told = parseJson(run);
  const { data, success } = downloaded.safeParse(told);
  if (run.ok && success) {
    return { ok: true, folder: data.Dir, archive: data.Zip, sum: data.Sum };
  }
  // What went wrong stands in the JSON, beside nothing on standard error.
  const [why = run.complaint] = failed.safeParse(told).data?.Error.split("\n") ?? [];
  return { ok: false, why };
}

function parseJson({ output }: CommandResult): unknown {
  try {
    return JSON.parse(output);
  } catch {
    // Not JSON: then go has failed before it had anything to tell, and its complaint says why.
    return undefined;
  }
}
