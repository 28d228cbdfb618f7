import { readFileSync } from "node:fs";

/** Clock ticks a second that Linux counts CPU time in; the same on every system that we run on. */
const TICKS_PER_SECOND = 100;

/** CPU seconds (user + system, all threads) that a process has used so far. Linux only. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the program's name in brackets and may hold anything; the others count from its end.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
