import type { LedgerLine, Verdict } from "./judge.ts";
import type { LedgerTables } from "./run-ledger.ts";

const COLUMNS = ["acknowledged", "stored", "missing", "extra", "different"] as const;
const NAME_WIDTH = 44;
const COLUMN_WIDTH = 13;

/** The ledger as text: a table for each store, by tenant and by the fault that was on, and the first examples. Pure. */
export function reportOf({ sent, stores }: LedgerTables): string {
  const tables = Object.entries(stores).map(
    ([store, verdict]) => `${store}\n${tableOf(verdict)}\n${examplesOf(verdict)}`,
  );
  return `${sent} samples sent\n\n${tables.join("\n")}`;
}

function tableOf({ total, byTenant, byFault }: Verdict): string {
  const faults = [...byFault].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    row("by tenant", COLUMNS),
    ...[...byTenant].map(([tenant, line]) => row(`  ${tenant}`, cells(line))),
    row("by fault, when first sent", []),
    ...faults.map(([fault, line]) => row(`  ${fault}`, cells(line))),
    row("all", cells(total)),
  ].join("\n");
}

function examplesOf({ examples }: Verdict): string {
  return examples
    .map(({ what, series, timestampMs, entry, found }) => {
      const sent = entry
        ? `sent ${entry.value} in request ${entry.request} (${entry.fault || "no fault on"})`
        : "not sent";
      return `${what}: ${series} at ${timestampMs}: ${sent}, found ${found.join(", ") || "nothing"}\n`;
    })
    .join("");
}

function cells(line: LedgerLine): number[] {
  return COLUMNS.map((column) => line[column]);
}

function row(name: string, columns: readonly (string | number)[]): string {
  const shown = name.length > NAME_WIDTH ? `${name.slice(0, NAME_WIDTH - 1)}…` : name;
  return shown.padEnd(NAME_WIDTH) + columns.map((column) => String(column).padStart(COLUMN_WIDTH)).join("");
}
