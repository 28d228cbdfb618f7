import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { LocalProblem } from "../local-problem.ts";

const RECORD_FILE = "part.json";
const WORK_PREFIX = ".fetching-";
/** Work folders this old were left behind by a process that was killed. */
const ABANDONED_MS = 3_600_000;

/** What a folder of fetched files says of itself. */
export interface PartRecord {
  readonly version: string;
  /** Checksum of the package that the files are from. */
  readonly sha256: string;
}

/** The record of a part that was fetched before, or undefined when it is not there whole. */
export function readPartRecord(folder: string): PartRecord | undefined {
  try {
    const record: unknown = JSON.parse(readFileSync(join(folder, RECORD_FILE), "utf8"));
    return isRecord(record) ? record : undefined;
  } catch {
    // The record is written last, so that without it there is no whole part.
    return undefined;
  }
}

/**
 * Fills a folder: `fill` gets an empty one beside it, which takes its place in one step when `fill` is done. Of
 * several processes that do this at once, one wins, and the others use its folder.
 */
export async function createPartFolder(
  folder: string,
  partsDir: string,
  fill: (target: string, scratch: string) => Promise<PartRecord>,
): Promise<PartRecord> {
  const work = createWorkFolder(partsDir);
  try {
    const target = join(work, "part");
    const scratch = join(work, "scratch");
    mkdirSync(target);
    mkdirSync(scratch);
    const record = await fill(target, scratch);
    writeFileSync(join(target, RECORD_FILE), JSON.stringify(record));
    return moveIntoPlace(target, folder) ? record : (readPartRecord(folder) ?? record);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function createWorkFolder(partsDir: string): string {
  try {
    mkdirSync(partsDir, { recursive: true });
    removeAbandoned(partsDir);
    return mkdtempSync(join(partsDir, WORK_PREFIX));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new LocalProblem(
      `cannot write to the folder of fetched programs: ${why}: set LOCAL_PARTS_DIR to another one`,
    );
  }
}

function removeAbandoned(partsDir: string): void {
  for (const name of readdirSync(partsDir).filter((name) => name.startsWith(WORK_PREFIX))) {
    const path = join(partsDir, name);
    const changedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - changedMs > ABANDONED_MS) {
      rmSync(path, { recursive: true, force: true });
    }
  }
}

function moveIntoPlace(target: string, folder: string): boolean {
  if (readPartRecord(folder)) {
    return false;
  }
  // What stands there without a record is of no use.
  rmSync(folder, { recursive: true, force: true });
  try {
    renameSync(target, folder);
    return true;
  } catch (error) {
    if (readPartRecord(folder)) {
      return false;
    }
    throw error;
  }
}

function isRecord(value: unknown): value is PartRecord {
  return (
    typeof value === "object" &&
    value !== null &&
    "version" in value &&
    typeof value.version === "string" &&
    "sha256" in value &&
    typeof value.sha256 === "string"
  );
}
