import { setTimeout as delay } from "node:timers/promises";
import { undelivered } from "../support/undelivered.ts";
import { untilNothingIsMissing } from "../support/until.ts";
import { Faults } from "./apply-faults.ts";
import { Book } from "./book.ts";
import { judge, type Verdict } from "./judge.ts";
import { heldByTimeSeries, heldByVictoria } from "./read-back.ts";
import type { ScheduledFault } from "./schedule.ts";
import { runSender } from "./sender.ts";
import { KEY, SHARDS, type SystemOptions, startLedgerSystem } from "./system.ts";

export interface LedgerOptions {
  readonly schedule: readonly ScheduledFault[];
  readonly durationMs: number;
  readonly tenants: readonly string[];
  /** Of each tenant, one sample of each in every request. */
  readonly seriesPerTenant: number;
  readonly everyMs: number;
  readonly log: (line: string) => void;
  readonly system?: SystemOptions;
}

/** What was found in each store that was looked at. */
export interface LedgerTables {
  readonly sent: number;
  readonly stores: Readonly<Record<string, Verdict>>;
}

/** What was found in both stores. */
export interface Ledger extends LedgerTables {
  readonly stores: Readonly<Record<"VictoriaMetrics" | "RedisTimeSeries", Verdict>>;
}

/** Senders go on trying this long after the last fault has ended. */
const LAST_TRIES_MS = 30_000;
const DRAIN_TIMEOUT_MS = 300_000;

/**
 * Sends samples for a while, lets things go wrong meanwhile, waits until all is delivered, and compares what both stores
 * hold with what was acknowledged.
 * @throws when the system does not come to rest, or a sender's request is refused for good.
 */
export async function runLedger(options: LedgerOptions): Promise<Ledger> {
  const { schedule, durationMs, tenants, seriesPerTenant, everyMs, log } = options;
  const system = await startLedgerSystem(options.system);
  try {
    const book = new Book();
    const faults = new Faults(system);
    const stopping = new AbortController();
    let isMaking = true;
    const givingUp = new AbortController();
    let requests = 0;
    const senders = tenants.map((tenant) =>
      runSender(
        {
          url: system.intakeUrl,
          key: KEY,
          tenant,
          seriesCount: seriesPerTenant,
          everyMs,
          book,
          faults: () => faults.now(),
          isMaking: () => isMaking,
          nextRequest: () => ++requests,
        },
        stopping.signal,
        givingUp.signal,
      ),
    );
    const sending = Promise.all(senders);
    await Promise.race([Promise.all([faults.run(schedule, log), delay(durationMs)]), sending]);
    // A registry that was flushed is filled again by those who send: where blocks wait for that, sending goes on.
    const waits = async () => {
      const waiting = await undelivered(system.buffer.url, SHARDS);
      isMaking = (waiting?.parked ?? 0) > 0;
      return waiting && JSON.stringify(waiting);
    };
    log(`${book.size} samples sent in ${requests} requests; waiting until all is delivered`);
    await Promise.race([untilNothingIsMissing(waits, DRAIN_TIMEOUT_MS), sending]);
    stopping.abort();
    const lastTries = setTimeout(() => givingUp.abort(), LAST_TRIES_MS);
    await sending;
    clearTimeout(lastTries);
    await untilNothingIsMissing(waits, DRAIN_TIMEOUT_MS);
    return {
      sent: book.size,
      stores: {
        VictoriaMetrics: judge(book, await heldByVictoria(system.victoria)),
        RedisTimeSeries: judge(book, await heldByTimeSeries(system.timeseries.url)),
      },
    };
  } finally {
    await system.stop();
  }
}

/** Whether nothing acknowledged was lost, and nothing is there that should not be. */
export function isBalanced({ stores }: LedgerTables): boolean {
  return Object.values(stores).every(({ total }) => total.missing + total.extra + total.different === 0);
}
