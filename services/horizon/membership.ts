import type { Redis } from "ioredis";
import { instancesKey, type ShardKeys } from "../shared/buffer-keys.ts";
import type { RunScript } from "../shared/redis-scripts/run-script.ts";
import { holderOf } from "./shard-lease.ts";

/** What all instances on one Redis know of each other. Everything here throws what Redis throws. */
export interface Membership {
  /** Says that this instance is there. @returns the names of all that are, this one included. */
  announce(): Promise<string[]>;
  /** Says that this instance is going. */
  leave(): Promise<void>;
  /** Who has the lease of each shard; undefined where nobody has. */
  owners(): Promise<(string | undefined)[]>;
}

export interface MembershipOptions {
  readonly redis: Redis;
  readonly runScript: RunScript;
  readonly keyPrefix: string;
  readonly shards: readonly Pick<ShardKeys, "lease">[];
  /** The name of this instance. */
  readonly self: string;
  /** After how long without a word an instance counts as gone. */
  readonly expiryMs: number;
}

/** The membership of this instance, by Redis' clock alone. */
export function createMembership(options: MembershipOptions): Membership {
  const { redis, runScript, shards, self, expiryMs } = options;
  const instances = instancesKey(options.keyPrefix);
  return {
    announce: async () => {
      const names = await runScript("announce-instance", [instances], [self, expiryMs]);
      return Array.isArray(names) ? names.map(String) : [];
    },
    leave: async () => {
      await redis.zrem(instances, self);
    },
    owners: async () => {
      const tokens = await Promise.all(shards.map(({ lease }) => redis.get(lease)));
      return tokens.map((token) => (token === null ? undefined : holderOf(token)));
    },
  };
}
