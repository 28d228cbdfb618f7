import type { Logger } from "../shared/logger.ts";

export interface LoopOptions {
  readonly intervalMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Returns when the time is over or the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Does the work once; gets the time at which the round begins. */
  readonly round: (nowMs: number) => Promise<void>;
  readonly onFailure: () => void;
  readonly logger: Pick<Logger, "warn" | "error">;
  /** Ends the loop after the round at hand. */
  readonly stopping: AbortSignal;
}

/**
 * Runs a round at once, and then whenever the clock is at a whole multiple of the interval: never two at a time. One
 * that lasts beyond the next multiple is followed by the next at once. A round that fails is logged, and the next comes.
 */
export async function runLoop(options: LoopOptions): Promise<void> {
  const { intervalMs, now, sleep, round, onFailure, logger, stopping } = options;
  while (!stopping.aborted) {
    const startMs = now();
    const nextMs = startMs + msUntilNext(startMs, intervalMs);
    try {
      await round(startMs);
    } catch (error) {
      if (stopping.aborted) {
        logger.warn({ err: error }, "Left a cycle unfinished; whoever works the shard next goes on from there");
        return;
      }
      onFailure();
      logger.error({ err: error }, "A cycle failed; the next one goes on from there");
    }
    const endMs = now();
    await sleep(endMs < nextMs ? msUntilNext(endMs, intervalMs) : 0, stopping);
  }
}

/** How long until the clock is at a whole multiple of the interval; at one, a whole interval. Pure. */
export function msUntilNext(nowMs: number, intervalMs: number): number {
  return intervalMs - (nowMs % intervalMs);
}
