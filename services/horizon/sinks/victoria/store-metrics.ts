/*
 * What a store says of itself on /metrics, in Prometheus' text format.
 */

/**
 * The text of its start time, which tells one life of the process from another as long as no two of them begin within
 * one second; undefined when it does not say.
 */
export function readStartTime(text: string): string | undefined {
  for (const line of linesOf(text, "process_start_time_seconds")) {
    const value = /^process_start_time_seconds(?:\{[^}]*\})?[ \t]+(\S+)/.exec(line)?.[1];
    if (value !== undefined) {
      return value;
    }
  }
  return undefined;
}

/** `vm_rows_ignored_total` by reason: samples that VictoriaMetrics answered 204 for and did not keep. */
export function readIgnoredRows(text: string): ReadonlyMap<string, number> {
  const rows = new Map<string, number>();
  for (const line of linesOf(text, "vm_rows_ignored_total{")) {
    const [, reason, count] = /^[^}]*reason="([^"]*)"[^}]*\}[ \t]+(\S+)/.exec(line) ?? [];
    if (reason !== undefined) {
      rows.set(reason, (rows.get(reason) ?? 0) + Number(count));
    }
  }
  return rows;
}

/** The lines that begin with some text. It is a long page, which an expression would take a millisecond to look through. */
function* linesOf(page: string, beginning: string): Generator<string> {
  for (let at = page.indexOf(beginning); at >= 0; at = page.indexOf(beginning, at + 1)) {
    if (at === 0 || page[at - 1] === "\n") {
      const end = page.indexOf("\n", at);
      yield page.slice(at, end < 0 ? page.length : end);
    }
  }
}
