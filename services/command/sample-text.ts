import { formatSeriesId } from "../shared/series.ts";
import { describeValue } from "../shared/value-text.ts";

/** A sample for people: its time in milliseconds and as a date, and its value; of a NaN, its 64 bits. */
export function sampleText(timestampMs: number, bits: bigint): string {
  const { text, kind } = describeValue(bits);
  const value = kind === "nan" || kind === "stale_marker" ? `${text} (${kind}, 0x${formatSeriesId(bits)})` : text;
  return [String(timestampMs), isoTime(timestampMs), value].join("  ");
}

/** A time as a date, where there is one. @param timestampMs milliseconds since 1970. */
export function isoTime(timestampMs: number): string {
  const date = new Date(timestampMs);
  return Number.isNaN(date.getTime()) ? "(no date)" : date.toISOString();
}
