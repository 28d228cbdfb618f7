import process from "node:process";
import type { Clocks } from "../shared/regex-budget.ts";

/** The clocks of this process. */
export const PROCESS_CLOCKS: Clocks = {
  elapsedMs: () => performance.now(),
  cpuMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};
