import assert from "node:assert/strict";
import { seriesKey } from "../support/compare-series.ts";
import { metricValue } from "../support/metric-value.ts";
import { sendSeries } from "../support/send-series.ts";
import { wordsOfUndelivered } from "../support/undelivered.ts";
import { until, untilNothingIsMissing } from "../support/until.ts";
import { Book } from "./book.ts";
import { judge, type Verdict } from "./judge.ts";
import { heldByTimeSeries } from "./read-back.ts";
import { KEY, type LedgerSystem, startLedgerSystem } from "./system.ts";

const TENANT = "tenant-1";
const ONE_SHARD = { HORIZON_SHARDS: "1", VICTORIAMETRICS_ENABLED: "false" };

/**
 * A write that arrives late: a Horizon is frozen while its write of a sample is on its way, another takes over and
 * writes first that sample and then the value that the sender has corrected it to; only then does the first write
 * arrive. The store has to hold the corrected value.
 * @param distFolder another build of the services.
 */
export async function runLateWrite(distFolder: string | undefined): Promise<Verdict> {
  const system = await startLedgerSystem({ settings: ONE_SHARD, ...(distFolder !== undefined && { distFolder }) });
  try {
    const timestampMs = Date.now();
    await send(system, timestampMs - 1000, 1);
    await delivered(system);
    const holder = await holderOf(system);
    const link = system.links[`${holder}-timeseries`];
    const held = link.holdRequestsWith("labelled_metrics.");
    await send(system, timestampMs, 2);
    await held;
    await system.servers[holder].pause();
    await delivered(system);
    await send(system, timestampMs, 3);
    await delivered(system);
    await link.releaseRequests();
    system.servers[holder].resume();
    return judge(bookOf(timestampMs), await heldByTimeSeries(system.timeseries.url));
  } finally {
    await system.stop();
  }
}

async function send({ flux }: LedgerSystem, timestampMs: number, value: number): Promise<void> {
  const series = [{ labels: { __name__: "ledger_corrected" }, samples: [{ timestampMs, value }] }];
  const { status } = await sendSeries(flux.intakeUrl, series, { key: KEY, tenant: TENANT, server: "1" });
  assert.equal(status, 204);
}

async function delivered({ buffer }: LedgerSystem): Promise<void> {
  await untilNothingIsMissing(() => wordsOfUndelivered(buffer.url));
}

async function holderOf({ horizons }: LedgerSystem): Promise<"horizon1" | "horizon2"> {
  const held = async (index: number) => metricValue(`${horizons[index]?.adminUrl}/metrics`, "horizon_shards_held");
  await until(async () => (await held(0)) + (await held(1)) === 1);
  return (await held(0)) === 1 ? "horizon1" : "horizon2";
}

function bookOf(timestampMs: number): Book {
  const book = new Book();
  const series = seriesKey({ __name__: "ledger_corrected", _tenant_id: TENANT, _server_id: "1" });
  const facts = { tenant: TENANT, series, request: 0, fault: "late write" };
  for (const [time, value] of [
    [timestampMs - 1000, 1],
    [timestampMs, 3],
  ] as const) {
    book.note({ ...facts, timestampMs: time, value }).acknowledged = true;
  }
  return book;
}
