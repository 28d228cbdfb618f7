import { metricValue } from "../support/metric-value.ts";

const POLL_MS = 1000;

/** Looks on while a Horizon works one shard. */
export interface CycleWatch {
  /** Ends it. @returns how long each cycle has taken, in seconds, in the order in which they ended. */
  stop(): Promise<number[]>;
}

/** Watches the cycles of a Horizon. Of cycles that end within the same second it sees the mean. */
export function watchCycles(adminUrl: string): CycleWatch {
  const seconds: number[] = [];
  const seen = { count: 0, sum: 0 };
  const look = async () => {
    const metrics = `${adminUrl}/metrics`;
    const sum = await metricValue(metrics, "horizon_cycle_duration_seconds_sum");
    const count = await metricValue(metrics, "horizon_cycle_duration_seconds_count");
    const cycles = count - seen.count;
    for (let i = 0; i < cycles; i++) {
      seconds.push((sum - seen.sum) / cycles);
    }
    Object.assign(seen, { count, sum });
  };
  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, POLL_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await looking;
      await look();
      return seconds;
    },
  };
}
