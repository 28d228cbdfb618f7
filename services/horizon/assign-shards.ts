/** Who should work each shard. */
export type ShardPlan = readonly string[];

/**
 * Shares the shards out among the instances, as evenly as they go. Every instance computes the plan by itself, of the
 * same facts, so that they agree without a word: each keeps what it has up to its share, and only what is left moves.
 * Those that have most get the larger share where it does not go even, so that nothing moves once it is even.
 * @param owners who has the lease of each shard; undefined where nobody has. One that is no instance counts as gone.
 * @param instances all that are there, at least one.
 */
export function assignShards(owners: readonly (string | undefined)[], instances: readonly string[]): ShardPlan {
  const rooms = shares(owners, instances);
  const kept = owners.map((owner) => (owner !== undefined && takeRoom(rooms, owner) ? owner : undefined));
  return kept.map((owner) => owner ?? firstWithRoom(rooms));
}

/** How many shards each instance is to have, those that have most first. */
function shares(owners: readonly (string | undefined)[], instances: readonly string[]): Map<string, number> {
  const held = new Map(instances.map((name) => [name, owners.filter((owner) => owner === name).length]));
  const inOrder = [...held].sort(([a, heldByA], [b, heldByB]) => heldByB - heldByA || (a < b ? -1 : 1));
  const least = Math.floor(owners.length / inOrder.length);
  const larger = owners.length % inOrder.length;
  return new Map(inOrder.map(([name], rank) => [name, least + (rank < larger ? 1 : 0)]));
}

function takeRoom(rooms: Map<string, number>, name: string): boolean {
  const room = rooms.get(name) ?? 0;
  rooms.set(name, room - 1);
  return room > 0;
}

function firstWithRoom(rooms: Map<string, number>): string {
  for (const name of rooms.keys()) {
    if (takeRoom(rooms, name)) {
      return name;
    }
  }
  throw new Error("cannot assign a shard: there is no instance");
}
