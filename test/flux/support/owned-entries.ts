import assert from "node:assert/strict";
import type { Redis } from "ioredis";
import { decodeBlock } from "../../../services/shared/block.ts";
import { decodeRecord } from "../../../services/shared/registry-record.ts";
import { labelValue, TENANT_LABEL } from "../../../services/shared/series.ts";

/** Whose a key, or one entry of it, is: a tenant or a namespace. Undefined: nobody's, such as a shard's epoch. */
type OwnerOf = (key: string, entry: Buffer, value: Buffer) => string | undefined;

const NOBODY: OwnerOf = () => undefined;
const afterLastDot: OwnerOf = (key) => key.slice(key.lastIndexOf(".") + 1).split("/")[0];
const inTag: OwnerOf = (key) => /\{([^}]*)\}/.exec(key)?.[1];
const inEntry: OwnerOf = (_, entry) => entry.toString().split("\0")[0];

/** Every kind of key that Flux writes, by how it begins. */
const OWNERS: readonly (readonly [start: string, ownerOf: OwnerOf])[] = [
  ["flux.prometheus_metrics.{flux:", (_, entry) => ownerOfBlock(entry)],
  ["flux.series.{flux:", (_key, _entry, value) => ownerOfRecord(value)],
  ["flux.active_series.{flux:", inEntry],
  ["flux.active_this_hour.", inTag],
  ["flux.active_last_hour.", inTag],
  ["flux.active_count.", inTag],
  ["flux.quota.namespace_metrics.", inTag],
  ["flux.servers", inEntry],
  ["flux.metadata.{flux:metadata}.", afterLastDot],
  ["flux.metadata_servers.{flux:metadata}.", afterLastDot],
  ["flux.metadata_tenants.{flux:metadata}", inEntry],
  ["flux.epoch.", NOBODY],
  ["flux.buffer_bytes.", NOBODY],
  ["flux.generations.", NOBODY],
];

/**
 * Everything that Redis holds below a prefix, each entry of every key as text, by whose it is.
 * @throws AssertionError where a key is of no known kind.
 */
export async function ownedEntries(redis: Redis, prefix: string): Promise<Map<string, string[]>> {
  const owned = new Map<string, string[]>();
  for (const fullKey of (await redis.keys(`${prefix}*`)).sort()) {
    const key = fullKey.slice(prefix.length);
    const [, ownerOf] = OWNERS.find(([start]) => key.startsWith(start)) ?? [];
    assert.ok(ownerOf, `nothing says whose ${key} is`);
    for (const [entry, value] of await entriesOf(redis, fullKey)) {
      const owner = ownerOf(key, entry, value);
      if (owner !== undefined) {
        owned.set(owner, [...(owned.get(owner) ?? []), `${key} ${entry.toString("hex")} ${value.toString("hex")}`]);
      }
    }
  }
  for (const entries of owned.values()) {
    entries.sort();
  }
  return owned;
}

const EMPTY = Buffer.alloc(0);

async function entriesOf(redis: Redis, key: string): Promise<[entry: Buffer, value: Buffer][]> {
  switch (await redis.type(key)) {
    case "set":
      return (await redis.smembersBuffer(key)).map((member) => [member, EMPTY]);
    case "zset":
      return inPairs(await redis.callBuffer("ZRANGE", key, 0, -1, "WITHSCORES"));
    case "hash":
      return inPairs(await redis.callBuffer("HGETALL", key));
    default:
      return [[EMPTY, (await redis.getBuffer(key)) ?? EMPTY]];
  }
}

/** Pairs stand one by one or in a row, as the protocol has them that is spoken. */
function inPairs(reply: unknown): [Buffer, Buffer][] {
  const flat = (reply as (Buffer | Buffer[])[]).flat();
  return flat.flatMap((entry, i): [Buffer, Buffer][] => (i % 2 === 0 ? [[entry, flat[i + 1] ?? EMPTY]] : []));
}

function ownerOfBlock(bytes: Buffer): string {
  const decoded = decodeBlock(bytes);
  assert.ok(decoded.ok, "a block is damaged");
  return decoded.block.owner.tenant;
}

function ownerOfRecord(bytes: Buffer): string | undefined {
  return labelValue(decodeRecord(bytes)?.labels ?? [], TENANT_LABEL);
}
