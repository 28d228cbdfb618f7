import { readFileSync } from "node:fs";

/** Whether a process runs. One that has ended and that nobody has asked after (a zombie) does not. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The state follows the program's name, which stands in parentheses and may hold anything.
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) !== "Z";
  } catch {
    // Without an entry in /proc there is no such process.
    return false;
  }
}
