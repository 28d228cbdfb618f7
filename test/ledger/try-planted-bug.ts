import { runLateWrite } from "./late-write.ts";
import { type PlantedBug, plantBug } from "./planted-bug.ts";
import { type LedgerTables, runLedger } from "./run-ledger.ts";
import type { Fault } from "./schedule.ts";

/** What shows a bug at once: a fault that the safeguard is there for, or a write that arrives late. */
const SHOWN_BY: Readonly<Record<PlantedBug, Fault | "late write">> = {
  "acknowledgement of any sink": { kind: "kill", server: "victoria" },
  "no fencing": "late write",
  "no confirmation before 204": { kind: "kill", server: "buffer" },
};

const DURATION_MS = 8000;
const FAULT_MS = { fromMs: 2000, untilMs: 6000 };

/** Runs a short ledger on a build with one safeguard taken out, under the fault that the safeguard is there for. */
export async function tryPlantedBug(bug: PlantedBug, log: (line: string) => void): Promise<LedgerTables> {
  const { distFolder, remove } = plantBug(bug);
  try {
    const fault = SHOWN_BY[bug];
    if (fault === "late write") {
      const verdict = await runLateWrite(distFolder);
      return { sent: verdict.total.acknowledged, stores: { RedisTimeSeries: verdict } };
    }
    return await runLedger({
      schedule: [{ ...FAULT_MS, fault }],
      durationMs: DURATION_MS,
      tenants: ["tenant-1", "tenant-2"],
      seriesPerTenant: 20,
      everyMs: 200,
      log,
      system: { distFolder },
    });
  } finally {
    remove();
  }
}
