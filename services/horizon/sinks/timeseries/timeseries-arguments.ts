import type { LabelSet } from "../../../shared/series.ts";
import { encodeLabelText } from "./label-text.ts";

/** One sample for RedisTimeSeries. */
export interface TimeSeriesPoint {
  readonly key: string;
  /** Whole, not negative. */
  readonly timestampMs: number;
  /** Finite. */
  readonly value: number;
}

/** How a series is created. */
export interface TimeSeriesShape {
  readonly retentionMs: number;
  readonly chunkBytes: number;
}

/** The arguments of TS.MADD. As buffers, which the client sends as they are, and strings it would measure again. */
export function maddArguments(points: readonly TimeSeriesPoint[]): Buffer[] {
  return points.flatMap(({ key, timestampMs, value }) => [
    Buffer.from(key),
    Buffer.from(String(timestampMs)),
    Buffer.from(formatValue(value)),
  ]);
}

/** The arguments of TS.CREATE. Labels with empty values are left out: the module refuses them. */
export function createArguments(key: string, labels: LabelSet, shape: TimeSeriesShape): string[] {
  const pairs = labels
    .filter(({ value }) => value !== "")
    .flatMap(({ name, value }) => [encodeLabelText(name), encodeLabelText(value)]);
  return [
    ...[key, "RETENTION", String(shape.retentionMs), "CHUNK_SIZE", String(shape.chunkBytes)],
    ...["DUPLICATE_POLICY", "LAST", "LABELS", ...pairs],
  ];
}

/** The shortest text that reads back as the same number; JavaScript leaves the sign off −0 alone. */
export function formatValue(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}
