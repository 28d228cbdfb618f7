import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../../services/local/project-root.ts";

/*
 * Builds with one safeguard taken out, to see whether the ledger would notice. They are made from `dist` by changing its
 * text, so that the product has no switch for it; a text that is not found any more is an error.
 */

/** A change of one file, or of all whose name ends so: every occurrence of the first text becomes the second. */
interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export const PLANTED_BUGS = {
  /** A claim is deleted as soon as one store has it. */
  "acknowledgement of any sink": [
    {
      file: "services/horizon/claim-state.js",
      from: 'return sinks.every((sink) => state.sinks[sink]?.state === "confirmed");',
      to: 'return sinks.some((sink) => state.sinks[sink]?.state === "confirmed");',
    },
  ],
  /** Nobody asks whether a shard is still this instance's. */
  "no fencing": [
    { file: ".lua", from: "if redis.call('GET', KEYS[1]) ~= ARGV[1] then", to: "if false then" },
    { file: "services/horizon/shard-lease.js", from: "assertHeld() {", to: "assertHeld() { return;" },
  ],
  /** 204 is answered before Redis has confirmed. */
  "no confirmation before 204": [
    {
      file: "services/flux/store-intake.js",
      from: "const commit = await storing.buffer.commit(",
      to: "const commit = ((promise) => { promise.catch(() => {}); return { ok: true, registeredSeries: 0, blockBytes: 0 }; })(storing.buffer.commit(",
    },
    {
      file: "services/flux/store-intake.js",
      from: "admissionLimits(policy, sender, terms));",
      to: "admissionLimits(policy, sender, terms)));",
    },
  ],
} as const satisfies Record<string, readonly Change[]>;

export type PlantedBug = keyof typeof PLANTED_BUGS;

/** Whether there is a bug of this name. */
export function isPlantedBug(name: string): name is PlantedBug {
  return Object.hasOwn(PLANTED_BUGS, name);
}

/** A copy of the compiled project with this bug in it. @returns its `dist` folder, and what removes the copy. */
export function plantBug(bug: PlantedBug): { distFolder: string; remove: () => void } {
  const root = projectRoot(import.meta.url);
  const folder = mkdtempSync(join(tmpdir(), "flux-planted-"));
  cpSync(join(root, "dist"), join(folder, "dist"), { recursive: true });
  cpSync(join(root, "package.json"), join(folder, "package.json"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const distFolder = join(folder, "dist");
  for (const change of PLANTED_BUGS[bug]) {
    applyChange(distFolder, change);
  }
  return { distFolder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function applyChange(distFolder: string, { file, from, to }: Change): void {
  const files = readdirSync(distFolder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(file));
  let changed = 0;
  for (const path of files) {
    const before = readFileSync(join(distFolder, path), "utf8");
    const after = before.replaceAll(from, to);
    changed += before === after ? 0 : 1;
    writeFileSync(join(distFolder, path), after);
  }
  if (changed === 0) {
    throw new Error(`cannot plant a bug in ${file}: the text is not there any more: ${from}`);
  }
}
