import type { Redis } from "ioredis";
import type { Settings } from "../../settings/schema.ts";
import { shardKeys } from "../shared/buffer-keys.ts";
import type { RunScript } from "../shared/redis-scripts/run-script.ts";
import { UncountedTallies } from "./claim-ledger.ts";
import { ShardClaims } from "./claims.ts";
import type { ShardWork } from "./cycle.ts";
import { RestingDeliveries } from "./resting-deliveries.ts";
import { SeriesCache } from "./series-cache.ts";
import { ShardLease } from "./shard-lease.ts";

export interface ShardWorkOptions {
  readonly settings: Settings;
  readonly redis: Redis;
  readonly runScript: RunScript;
  /** Names this instance in leases; without a colon. */
  readonly holder: string;
  readonly fingerprint: (block: Buffer) => string;
  /** See `ShardLeaseOptions`. */
  readonly monotonicMs: () => number;
}

/** Everything that is kept of each shard from cycle to cycle; of all shards, whoever works them now. */
export function createShards(options: ShardWorkOptions): ShardWork[] {
  const { settings, redis, runScript, holder, fingerprint, monotonicMs } = options;
  return Array.from({ length: settings.HORIZON_SHARDS }, (_, shard) => {
    const keys = shardKeys(settings.REDIS_KEY_PREFIX, shard);
    const leaseMs = Math.round(settings.HORIZON_LEASE_SECONDS * 1000);
    const deadLetterBounds = { letters: settings.HORIZON_DEAD_LETTERS, bytes: settings.HORIZON_DEAD_LETTERS_BYTES };
    const lease = new ShardLease({ runScript, keys, holder, leaseMs, monotonicMs });
    const sliceBytes = settings.HORIZON_SLICE_BYTES;
    const claims = new ShardClaims({ redis, runScript, keys, lease, deadLetterBounds, sliceBytes, fingerprint });
    const maxSeries = Math.ceil(settings.HORIZON_MAX_SERIES_CACHED / settings.HORIZON_SHARDS);
    const series = new SeriesCache({ redis, keys, maxSeries });
    const kept = { uncounted: new UncountedTallies(), resting: new RestingDeliveries() };
    return { shard, keys, lease, claims, series, ...kept, nextParked: 0 };
  });
}
