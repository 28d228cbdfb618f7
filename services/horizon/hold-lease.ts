import type { Logger } from "../shared/logger.ts";
import { LeaseLostError, type ShardClaims } from "./claims.ts";

export interface LeaseHolding {
  readonly claims: ShardClaims;
  readonly leaseMs: number;
  readonly logger: Pick<Logger, "warn">;
}

/**
 * Runs work while holding the lease of a shard, which is renewed every third of its time and given back at the end.
 * @param work gets a signal that is aborted with a LeaseLostError when the lease is lost, or when `signal` is.
 * @returns what the work returns, or undefined when another instance has the lease.
 */
export async function holdLease<Result>(
  { claims, leaseMs, logger }: LeaseHolding,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result | undefined> {
  if (!(await claims.takeLease())) {
    return undefined;
  }
  const lost = new AbortController();
  const timer = setInterval(() => {
    claims.renewLease().catch((error: unknown) => {
      if (error instanceof LeaseLostError) {
        lost.abort(error);
      } else {
        logger.warn({ err: error }, "Could not renew the lease; trying again");
      }
    });
  }, leaseMs / 3);
  try {
    return await work(AbortSignal.any([signal, lost.signal]));
  } finally {
    clearInterval(timer);
    await claims.releaseLease().catch((error: unknown) => {
      logger.warn({ err: error }, "Could not give the lease back; it ends by itself");
    });
  }
}
