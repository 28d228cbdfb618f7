import type { Logger } from "../shared/logger.ts";
import type { ShardLease } from "./shard-lease.ts";

export interface LeaseHolding {
  /** Taken already. */
  readonly lease: ShardLease;
  readonly logger: Pick<Logger, "warn">;
}

/** Runs work while holding a lease, which is renewed every third of its time and given back at the end. */
export async function holdLease<Result>({ lease, logger }: LeaseHolding, work: () => Promise<Result>): Promise<Result> {
  const timer = setInterval(() => {
    lease.renew().catch((error: unknown) => {
      if (!lease.lost.aborted) {
        logger.warn({ err: error }, "Could not renew the lease; trying again");
      }
    });
  }, lease.leaseMs / 3);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    await lease.release().catch((error: unknown) => {
      logger.warn({ err: error }, "Could not give the lease back; it ends by itself");
    });
  }
}
