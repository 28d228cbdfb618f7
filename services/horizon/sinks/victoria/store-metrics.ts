/*
 * What a store says of itself on /metrics, in Prometheus' text format.
 */

/**
 * The text of its start time, which tells one life of the process from another as long as no two of them begin within
 * one second; undefined when it does not say.
 */
export function readStartTime(text: string): string | undefined {
  return /^process_start_time_seconds(?:\{[^}]*\})?[ \t]+(\S+)/m.exec(text)?.[1];
}

/** `vm_rows_ignored_total` by reason: samples that VictoriaMetrics answered 204 for and did not keep. */
export function readIgnoredRows(text: string): ReadonlyMap<string, number> {
  const rows = new Map<string, number>();
  for (const [, reason = "", count] of text.matchAll(
    /^vm_rows_ignored_total\{[^}\n]*reason="([^"\n]*)"[^}\n]*\}[ \t]+(\S+)/gm,
  )) {
    rows.set(reason, (rows.get(reason) ?? 0) + Number(count));
  }
  return rows;
}
