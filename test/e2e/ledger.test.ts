import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runLateWrite } from "../ledger/late-write.ts";
import { reportOf } from "../ledger/report.ts";
import { isBalanced, type LedgerTables, runLedger } from "../ledger/run-ledger.ts";
import { createSchedule } from "../ledger/schedule.ts";
import { tryPlantedBug } from "../ledger/try-planted-bug.ts";

/*
 * The short form of the loss ledger (docs/ledger.md), and whether it would notice if a safeguard were taken out.
 */

const SEEDED_SECONDS = 45;

const silent = () => undefined;

// Side by side: each has a system of its own, and mostly waits.
describe("the loss ledger", { concurrency: 2 }, () => {
  test("nothing acknowledged is missing, doubled or changed after a seeded schedule of faults", async (t) => {
    const seed = Date.now() % 2 ** 31;
    t.diagnostic(`seed ${seed}: npm run ledger -- --seed ${seed} --minutes ${SEEDED_SECONDS / 60}`);
    const durationMs = SEEDED_SECONDS * 1000;
    const ledger = await runLedger({
      ...{ schedule: createSchedule(seed, durationMs), durationMs, log: silent },
      ...{ tenants: ["tenant-1", "tenant-2"], seriesPerTenant: 20, everyMs: 200 },
    });
    assert.ok(isBalanced(ledger), `seed ${seed}\n${reportOf(ledger)}`);
  });

  test("a write that arrives after another instance took over changes nothing", async () => {
    const { total } = await runLateWrite(undefined);
    assert.deepEqual(total, { acknowledged: 2, stored: 2, missing: 0, extra: 0, different: 0 });
  });

  test("without fencing, the ledger finds a value that is not the last one", async () => {
    const ledger = await tryPlantedBug("no fencing", silent);
    assert.equal(ledger.stores["RedisTimeSeries"]?.total.different, 1, reportOf(ledger));
  });

  test("without an acknowledgement of each sink, the ledger finds losses", async () => {
    const ledger = await tryPlantedBug("acknowledgement of any sink", silent);
    const missing = missingIn(ledger);
    assert.ok((missing["VictoriaMetrics"] ?? 0) > 0, reportOf(ledger));
    assert.equal(missing["RedisTimeSeries"], 0, reportOf(ledger));
  });

  test("without the confirmation before 204, the ledger finds losses", async () => {
    const ledger = await tryPlantedBug("no confirmation before 204", silent);
    assert.ok((missingIn(ledger)["RedisTimeSeries"] ?? 0) > 0, reportOf(ledger));
  });
});

function missingIn({ stores }: LedgerTables): Record<string, number> {
  return Object.fromEntries(Object.entries(stores).map(([store, { total }]) => [store, total.missing]));
}
