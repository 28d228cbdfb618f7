import { MAX_TIMESTAMP_MS } from "../../shared/block.ts";
import type { SeriesRefusal } from "../reasons.ts";

/** The times that samples of a request may have, in milliseconds since 1970, the ends included. */
export interface TimeBounds {
  readonly nowMs: number;
  readonly oldestMs: number;
  readonly newestMs: number;
}

/** @param maxAgeMs how far before `nowMs` a sample may lie, @param maxFutureMs how far after; 0: as far as it can. */
export function boundsAt(nowMs: number, maxAgeMs: number, maxFutureMs: number): TimeBounds {
  return {
    nowMs,
    oldestMs: maxAgeMs === 0 ? -MAX_TIMESTAMP_MS : nowMs - maxAgeMs,
    newestMs: maxFutureMs === 0 ? MAX_TIMESTAMP_MS : nowMs + maxFutureMs,
  };
}

/** Why a time outside the bounds is refused. */
export function outOfBounds(
  timestampMs: number,
  { nowMs, oldestMs, newestMs }: TimeBounds,
): { reason: SeriesRefusal; detail: string } {
  if (Math.abs(timestampMs) > MAX_TIMESTAMP_MS) {
    const detail = `timestamp ${timestampMs} ms is not within 35 000 years of 1970`;
    return { reason: "timestamp_out_of_range", detail };
  }
  return timestampMs < oldestMs
    ? { reason: "sample_too_old", detail: `data older than ${inSeconds(nowMs - oldestMs)}: ${timestampMs} ms` }
    : {
        reason: "sample_too_far_ahead",
        detail: `data more than ${inSeconds(newestMs - nowMs)} ahead of the clock: ${timestampMs} ms`,
      };
}

function inSeconds(ms: number): string {
  return `${ms / 1000} seconds`;
}
