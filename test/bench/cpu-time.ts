import { readFileSync } from "node:fs";

/** Clock ticks a second that Linux counts CPU time in; the same on every system that we run on. */
const TICKS_PER_SECOND = 100;

/**
 * CPU seconds (user + system, all threads) that a process has used so far, with those of its children that have ended.
 * Linux only.
 */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the program's name in brackets and may hold anything; the others count from its end.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return ticks / TICKS_PER_SECOND;
}
