import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { LocalProblem } from "./local-problem.ts";

const KEY_BYTES = 24;
const MIN_KEY_CHARACTERS = 8;

/**
 * The key that may write for every tenant: the one that an earlier start left in a file, else a new one, which is
 * kept there for its owner alone to read.
 * @throws LocalProblem when the file holds no key.
 */
export function loadOrCreateSelfKey(file: string): string {
  if (existsSync(file)) {
    const key = readFileSync(file, "utf8").trim();
    if (key.length < MIN_KEY_CHARACTERS) {
      throw new LocalProblem(
        `cannot use the key in ${file}: it is shorter than ${MIN_KEY_CHARACTERS} characters: delete the file`,
      );
    }
    chmodSync(file, 0o600);
    return key;
  }
  const key = randomBytes(KEY_BYTES).toString("hex");
  writeFileSync(file, `${key}\n`, { mode: 0o600, flag: "wx" });
  return key;
}
