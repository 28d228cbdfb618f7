import { execFile } from "node:child_process";
import { endingWithParent } from "../death-signal.ts";
import { LocalProblem } from "../local-problem.ts";
import { findOnPath } from "./on-path.ts";

/** How a command ended. `output` is what it wrote to standard output, `complaint` the last thing it complained of. */
export interface CommandResult {
  readonly ok: boolean;
  readonly output: string;
  readonly complaint: string;
}

export interface CommandOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10 * 60_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Runs a command to its end. It ends with this process. */
export function runCommand(program: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const command = endingWithParent({ program, args }, "TERM", process.platform);
  const limits = { timeout: options.timeoutMs ?? TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };
  return new Promise((resolve) => {
    execFile(
      command.program,
      [...command.args],
      { ...limits, env: options.env, ...(options.cwd ? { cwd: options.cwd } : {}) },
      (error, stdout, stderr) => {
        const complaint = lastComplaint(stderr) ?? lastComplaint(stdout) ?? `${program} failed without a word`;
        resolve({ ok: error === null, output: stdout, complaint });
      },
    );
  });
}

/**
 * Makes sure that a command of the system is there.
 * @throws LocalProblem that says which package has it, and what else one can do.
 */
export function requireCommand(name: string, cannot: string, install: string, env: NodeJS.ProcessEnv): void {
  if (findOnPath([name], env) === undefined) {
    throw new LocalProblem(`${cannot}: the command ${name} is missing: ${install}`);
  }
}

/** The line that says what went wrong: the last error that is marked as one, else the last line. */
function lastComplaint(text: string): string | undefined {
  const lines = text.split("\n").map((line) => line.trim());
  const marked = lines.findLast((line) => /^(E:|ERROR:)/i.test(line));
  return (marked ?? lines.findLast((line) => line !== ""))?.replace(/^(E|ERROR):\s*/i, "").replace(/\.$/, "");
}
