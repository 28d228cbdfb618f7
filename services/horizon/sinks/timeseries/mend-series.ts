import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { timeSeriesKey } from "../../../shared/buffer-keys.ts";
import { type KnownSeries, labelsOf } from "../../known-series.ts";
import { judgeOrThrow, type ReplyVerdict } from "./reply-verdict.ts";
import { createArguments, labelWords, type TimeSeriesShape } from "./timeseries-arguments.ts";
import { orRetryable } from "./write-fence.ts";

export interface MendingOptions {
  readonly redis: Redis;
  readonly keyPrefix: string;
  readonly shape: TimeSeriesShape;
}

/**
 * Creates series, and gives our settings and labels to others.
 * @returns what the module said to each.
 * @throws RetryableError when the server does neither now.
 */
export async function mendSeries(
  { redis, keyPrefix, shape }: MendingOptions,
  missing: ReadonlySet<KnownSeries>,
  misshapen: ReadonlySet<KnownSeries>,
): Promise<Map<KnownSeries, ReplyVerdict>> {
  const pipeline = redis.pipeline();
  const run = (command: string, series: KnownSeries) => {
    pipeline.call(command, ...createArguments(timeSeriesKey(keyPrefix, series.idText), labelsOf(series), shape));
  };
  for (const series of missing) {
    run("TS.CREATE", series);
  }
  for (const series of misshapen) {
    run("TS.ALTER", series);
  }
  const replies = (await orRetryable(pipeline.exec())) ?? [];
  return new Map(
    [...missing, ...misshapen].map((series, i) => [series, judgeOrThrow(replies[i]?.[0] ?? replies[i]?.[1])]),
  );
}

/** What `write-points.lua` makes of the labels that a series has. */
export function digestOfLabels(series: KnownSeries): string {
  return createHash("sha1")
    .update(labelWords(labelsOf(series)).join("\n"))
    .digest("hex");
}
