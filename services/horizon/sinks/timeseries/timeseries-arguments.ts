import type { LabelSet } from "../../../shared/series.ts";
import { encodeLabelText } from "./label-text.ts";

/** How a series is created. */
export interface TimeSeriesShape {
  readonly retentionMs: number;
  readonly chunkBytes: number;
}

/** The arguments of TS.CREATE and TS.ALTER. Labels with empty values are left out: the module refuses them. */
export function createArguments(key: string, labels: LabelSet, shape: TimeSeriesShape): string[] {
  return [
    ...[key, "RETENTION", String(shape.retentionMs), "CHUNK_SIZE", String(shape.chunkBytes)],
    ...["DUPLICATE_POLICY", "LAST", "LABELS", ...labelWords(labels)],
  ];
}

/** Names and values of labels in one row, as RedisTimeSeries holds them. */
export function labelWords(labels: LabelSet): string[] {
  return labels
    .filter(({ value }) => value !== "")
    .flatMap(({ name, value }) => [encodeLabelText(name), encodeLabelText(value)]);
}

/** The shortest text that reads back as the same number; JavaScript leaves the sign off −0 alone. */
export function formatValue(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}
