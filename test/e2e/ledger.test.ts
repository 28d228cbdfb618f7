import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runLateWrite } from "../ledger/late-write.ts";
import { type PlantedBug, plantBug } from "../ledger/planted-bug.ts";
import { reportOf } from "../ledger/report.ts";
import { isBalanced, type Ledger, runLedger } from "../ledger/run-ledger.ts";
import { createSchedule, type Fault, type ScheduledFault } from "../ledger/schedule.ts";

/*
 * The short form of the loss ledger (docs/ledger.md), and whether it would notice if a safeguard were taken out.
 */

const SEEDED_SECONDS = 45;

// Side by side: each has a system of its own, and mostly waits.
describe("the loss ledger", { concurrency: 2 }, () => {
  test("nothing acknowledged is missing, doubled or changed after a seeded schedule of faults", async (t) => {
    const seed = Date.now() % 2 ** 31;
    t.diagnostic(`seed ${seed}: npm run ledger -- --seed ${seed} --minutes ${SEEDED_SECONDS / 60}`);
    const durationMs = SEEDED_SECONDS * 1000;
    const ledger = await run(createSchedule(seed, durationMs), durationMs);
    assert.ok(isBalanced(ledger), `seed ${seed}\n${reportOf(ledger)}`);
  });

  test("a write that arrives after another instance took over changes nothing", async () => {
    const { total } = await runLateWrite(undefined);
    assert.deepEqual(total, { acknowledged: 2, stored: 2, missing: 0, extra: 0, different: 0 });
  });

  test("without fencing, the ledger finds a value that is not the last one", async () => {
    const { total } = await withBug("no fencing", runLateWrite);
    assert.equal(total.different, 1);
  });

  test("without an acknowledgement of each sink, the ledger finds losses", async () => {
    const ledger = await withBug("acknowledgement of any sink", (distFolder) =>
      run(only({ kind: "kill", server: "victoria" }), 8000, distFolder),
    );
    assert.ok(ledger.stores.VictoriaMetrics.total.missing > 0, reportOf(ledger));
    assert.equal(ledger.stores.RedisTimeSeries.total.missing, 0, reportOf(ledger));
  });

  test("without the confirmation before 204, the ledger finds losses", async () => {
    const ledger = await withBug("no confirmation before 204", (distFolder) =>
      run(only({ kind: "kill", server: "buffer" }), 8000, distFolder),
    );
    assert.ok(ledger.stores.RedisTimeSeries.total.missing > 0, reportOf(ledger));
  });
});

function run(schedule: readonly ScheduledFault[], durationMs: number, distFolder?: string): Promise<Ledger> {
  return runLedger({
    schedule,
    durationMs,
    tenants: ["tenant-1", "tenant-2"],
    seriesPerTenant: 20,
    everyMs: 200,
    log: () => undefined,
    ...(distFolder !== undefined && { system: { distFolder } }),
  });
}

function only(fault: Fault): ScheduledFault[] {
  return [{ fromMs: 2000, untilMs: 6000, fault }];
}

async function withBug<Result>(bug: PlantedBug, work: (distFolder: string) => Promise<Result>): Promise<Result> {
  const { distFolder, remove } = plantBug(bug);
  try {
    return await work(distFolder);
  } finally {
    remove();
  }
}
