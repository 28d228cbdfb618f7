import process from "node:process";
import { parseArgs } from "node:util";
import { reportOf } from "./report.ts";
import { isBalanced, runLedger } from "./run-ledger.ts";
import { createSchedule } from "./schedule.ts";

/*
 * The loss ledger: sends samples for several tenants while a seeded schedule kills, freezes and cuts everything, then
 * looks in both stores for every sample that was acknowledged.
 *
 *   npm run ledger -- --minutes 30 --seed 7
 */

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    tenants: { type: "string", default: "3" },
    series: { type: "string", default: "40" },
    "every-ms": { type: "string", default: "200" },
  },
});
const durationMs = Number(values.minutes) * 60_000;
const seed = Number(values.seed);
console.log(`seed ${seed}, ${values.minutes} minutes`);
const ledger = await runLedger({
  schedule: createSchedule(seed, durationMs),
  durationMs,
  tenants: Array.from({ length: Number(values.tenants) }, (_, i) => `tenant-${i + 1}`),
  seriesPerTenant: Number(values.series),
  everyMs: Number(values["every-ms"]),
  log: (line) => console.log(line),
});
console.log(`\n${reportOf(ledger)}`);
console.log(isBalanced(ledger) ? "nothing is missing, extra or different" : `NOT BALANCED; seed ${seed}`);
process.exit(isBalanced(ledger) ? 0 : 1);
