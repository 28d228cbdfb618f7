import assert from "node:assert/strict";
import { test } from "node:test";
import { assignShards } from "../../services/horizon/assign-shards.ts";

/** Owners and plans are written as one letter a shard; `-` is a shard that nobody has. */
const table: [name: string, owners: string, instances: string, plan: string][] = [
  ["one instance gets everything", "--------", "A", "AAAAAAAA"],
  ["an instance that comes gets half, and the first keeps the other half", "AAAAAAAA", "AB", "AAAABBBB"],
  ["a third gets a third, and as little moves as can", "AAAABBBB", "ABC", "AAACBBBC"],
  ["what is even stays as it is", "AAACBBBC", "ABC", "AAACBBBC"],
  ["the shards of one that is gone go to the others", "AAACBBB-", "AB", "AAAABBBB"],
  ["a lease of one that is no instance counts for nobody", "AAACBBBC", "AB", "AAAABBBB"],
  ["who has most keeps the larger share, whatever the names", "BBBAA", "AB", "BBBAA"],
  ["a standby gets nothing while there are no more shards than instances", "B", "AB", "B"],
  ["of free shards each gets as many as its share lacks", "A--B----", "AB", "AAABABBB"],
  ["an instance more than there are shards gets none", "---", "ABCDE", "ABC"],
  ["no shard is given to one that has too many", "AAAAB", "ABC", "AABCB"],
];

for (const [name, owners, instances, plan] of table) {
  test(`shards are shared out so that ${name}: ${owners} among ${instances}`, () => {
    assert.equal(planOf(owners, instances), plan);
  });
}

function planOf(owners: string, instances: string): string {
  const held = [...owners].map((owner) => (owner === "-" ? undefined : owner));
  return assignShards(held, [...instances]).join("");
}

test("the plan does not depend on the order in which instances are named", () => {
  assert.equal(planOf("A--B----", "BA"), planOf("A--B----", "AB"));
});

test("from any state a look of each instance after another ends in even shares that stay", () => {
  for (let seed = 0; seed < 300; seed++) {
    const { owners, instances } = someState(seed);
    const settled = lookUntilNothingMoves(owners, instances);
    const counts = instances.map((name) => settled.filter((owner) => owner === name).length);
    assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `${owners} among ${instances} ends as ${settled}`);
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      owners.length,
    );
  }
});

/** Some owners, of whom some are gone, and the instances. The same for the same seed. */
function someState(seed: number): { owners: (string | undefined)[]; instances: string[] } {
  let state = seed + 1;
  const next = (below: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  const instances = [..."ABCDE"].slice(0, 1 + next(5));
  const owners = Array.from({ length: 1 + next(12) }, () => [..."ABCDEXYZ", undefined][next(9)]);
  return { owners: owners.map((owner) => (owner && "XYZ".includes(owner) ? undefined : owner)), instances };
}

type Owners = readonly (string | undefined)[];

/** Each instance in turn gives up what is too much and takes what is free, until a whole turn changes nothing. */
function lookUntilNothingMoves(owners: Owners, instances: readonly string[]): Owners {
  let state = owners.map((owner) => (owner !== undefined && instances.includes(owner) ? owner : undefined));
  for (let turn = 0; turn < 5; turn++) {
    const before = state.join();
    for (const self of instances) {
      const plan = assignShards(state, instances);
      state = state.map((owner, shard) => afterLook(self, owner, plan[shard]));
    }
    if (state.join() === before) {
      return state;
    }
  }
  throw new Error(`still moving: ${state}`);
}

function afterLook(self: string, owner: string | undefined, planned: string | undefined): string | undefined {
  const isOurs = owner === self || (owner === undefined && planned === self);
  return isOurs ? (planned === self ? self : undefined) : owner;
}
