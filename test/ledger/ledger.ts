import process from "node:process";
import { parseArgs } from "node:util";
import { isPlantedBug, PLANTED_BUGS } from "./planted-bug.ts";
import { reportOf } from "./report.ts";
import { isBalanced, type LedgerTables, runLedger } from "./run-ledger.ts";
import { createSchedule } from "./schedule.ts";
import { tryPlantedBug } from "./try-planted-bug.ts";

/*
 * The loss ledger: sends samples for several tenants while a seeded schedule kills, freezes and cuts everything, then
 * looks in both stores for every sample that was acknowledged. Or shows what it finds in a build with a safeguard taken out.
 */

const HELP = `npm run ledger -- [options]

  --minutes 30        how long faults go on
  --seed N            of the schedule of faults; a new one each time, which is printed
  --tenants 3         senders, each of a tenant of its own
  --series 40         of each tenant, one sample of each in every request
  --every-ms 200      from one request of a tenant to its next
  --planted-bug NAME  instead: a short run on a build with one safeguard taken out, which must not balance
                      ${Object.keys(PLANTED_BUGS)
                        .map((name) => `"${name}"`)
                        .join(", ")}

Exit code 1 when anything is missing, extra or different.`;

const { values } = parseArgs({
  options: {
    help: { type: "boolean", default: false },
    minutes: { type: "string", default: "30" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    tenants: { type: "string", default: "3" },
    series: { type: "string", default: "40" },
    "every-ms": { type: "string", default: "200" },
    "planted-bug": { type: "string" },
  },
});

if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const bug = values["planted-bug"];
const tables = bug === undefined ? await runSeeded() : await runPlanted(bug);
console.log(`\n${reportOf(tables)}`);
console.log(isBalanced(tables) ? "nothing is missing, extra or different" : "NOT BALANCED");
process.exit(isBalanced(tables) ? 0 : 1);

function runSeeded(): Promise<LedgerTables> {
  const durationMs = Number(values.minutes) * 60_000;
  const seed = Number(values.seed);
  console.log(`seed ${seed}, ${values.minutes} minutes`);
  return runLedger({
    schedule: createSchedule(seed, durationMs),
    durationMs,
    tenants: Array.from({ length: Number(values.tenants) }, (_, i) => `tenant-${i + 1}`),
    seriesPerTenant: Number(values.series),
    everyMs: Number(values["every-ms"]),
    log: (line) => console.log(line),
  });
}

function runPlanted(name: string): Promise<LedgerTables> {
  if (!isPlantedBug(name)) {
    console.error(`cannot plant ${name}: the bugs are ${Object.keys(PLANTED_BUGS).join(", ")}`);
    process.exit(2);
  }
  console.log(`planted bug: ${name}`);
  return tryPlantedBug(name, (line) => console.log(line));
}
