import { setFlagsFromString } from "node:v8";
import { loadSettings } from "../../settings/load.ts";
import { HORIZON_V8_OPTION } from "./node-options.ts";
import { startHorizon } from "./start-horizon.ts";

/** Starts Horizon with the environment of this process. What stands in the way is printed, one sentence a line. */
async function main(): Promise<void> {
  const load = () => loadSettings(process.env);
  const started = await startHorizon({ load, process, exit: (code) => process.exit(code) });
  if (!started.ok) {
    process.stderr.write(started.problems.map((problem) => `${problem}\n`).join(""));
    process.exit(1);
  }
}

setFlagsFromString(HORIZON_V8_OPTION);
await main();
