import { type RemoteWriteTarget, remoteWriteBlock } from "./remote-write-block.ts";

/** One server of the table: what it is called, where it is, and what else there is to say. */
export interface SummaryRow {
  readonly name: string;
  readonly address: string;
  readonly note: string;
}

/** Everything that is told once the system runs. */
export interface Summary {
  readonly rows: readonly SummaryRow[];
  readonly dataFolder: string;
  readonly logFolder: string;
  readonly target: RemoteWriteTarget;
  readonly queryLinks: readonly SummaryRow[];
  readonly hints: readonly string[];
}

/** The text that says what runs where, how to write to it, where to look, and how to stop. */
export function summaryText(summary: Summary): string {
  return [
    "Everything is running.",
    "",
    ...table(summary.rows),
    "",
    `Data: ${summary.dataFolder}`,
    `Logs: ${summary.logFolder}`,
    "",
    "To send metrics, add this to prometheus.yml, with your own names for tenant and server:",
    "",
    remoteWriteBlock(summary.target),
    "To look at them:",
    "",
    ...table(summary.queryLinks),
    "",
    ...summary.hints,
    "Press Ctrl-C to stop.",
  ].join("\n");
}

function table(rows: readonly SummaryRow[]): string[] {
  const nameWidth = Math.max(0, ...rows.map(({ name }) => name.length));
  const addressWidth = Math.max(0, ...rows.map(({ address }) => address.length));
  return rows.map(({ name, address, note }) =>
    `  ${name.padEnd(nameWidth)}  ${address.padEnd(addressWidth)}  ${note}`.trimEnd(),
  );
}

/** The link that shows a query's result as JSON. */
export function queryLink(victoriaMetricsUrl: string, query: string): string {
  return `${victoriaMetricsUrl}/api/v1/query?query=${encodeURIComponent(query)}`;
}
