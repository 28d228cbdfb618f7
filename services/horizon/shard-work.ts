import type { Redis } from "ioredis";
import type { Settings } from "../../settings/schema.ts";
import { shardKeys } from "../shared/buffer-keys.ts";
import { loadScripts } from "../shared/redis-scripts/run-script.ts";
import { UncountedTallies } from "./claim-ledger.ts";
import { ShardClaims } from "./claims.ts";
import type { ShardWork } from "./cycle.ts";
import { SeriesCache } from "./series-cache.ts";

/** Series that are remembered at most, over all shards: about 1 GB. */
const MAX_SERIES = 2_000_000;

/**
 * Everything that is kept of each shard from cycle to cycle.
 * @param holder names this instance in leases; without a colon.
 */
export function createShards(
  settings: Settings,
  redis: Redis,
  holder: string,
  fingerprint: (block: Buffer) => string,
): ShardWork[] {
  const runScript = loadScripts(redis);
  return Array.from({ length: settings.HORIZON_SHARDS }, (_, shard) => {
    const keys = shardKeys(settings.REDIS_KEY_PREFIX, shard);
    const leaseMs = Math.round(settings.HORIZON_LEASE_SECONDS * 1000);
    const maxDeadLetters = settings.HORIZON_DEAD_LETTERS;
    const claims = new ShardClaims({ redis, runScript, keys, holder, leaseMs, maxDeadLetters, fingerprint });
    const maxSeries = Math.ceil(MAX_SERIES / settings.HORIZON_SHARDS);
    const series = new SeriesCache({ redis, keys, maxSeries });
    return { shard, keys, claims, series, uncounted: new UncountedTallies(), nextParked: 0 };
  });
}
